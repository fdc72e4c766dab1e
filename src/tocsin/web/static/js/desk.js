// The desk's behaviours: each from data- attributes, each in its own file; every page works without them.
import "./alarm.js";
import "./arm.js";
import "./complete.js";
import "./confirm.js";
import "./bulk.js";
import "./copy.js";
import "./flash.js";
import "./here.js";
import "./idle.js";
import "./drill.js";
import "./editing.js";
import "./fill.js";
import "./finger.js";
import "./keep.js";
import "./keep_back.js";
