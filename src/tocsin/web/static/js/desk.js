// The desk's behaviours: each from data- attributes, each in its own file; every page works without them.
import "./alarm.js";
import "./arm.js";
import "./confirm.js";
import "./countdown.js";
import "./bulk.js";
import "./copy.js";
import "./flash.js";
import "./live.js";
import "./menu.js";
import "./once.js";
import "./scanner.js";
import "./secret.js";
import "./shortcuts.js";
import "./siren.js";
import "./stale.js";
import "./theme.js";
import "./toast.js";
