"""The places of the desk: what the rail, the phone's tabs, the keys after `g` and the command palette lead to, from one table."""

from msgspec import Struct

from tocsin.core.actor import Right


class Place(Struct, frozen=True):
    """One place: its icon and section, its address, its word, the right that shows it, and the key after `g`."""

    name: str
    url: str
    word: str
    right: Right
    key: str


PLACES = (
    Place("orders", "/orders", "Orders", "query", "KeyO"),
    Place("filter", "/screens", "Screens", "query", "KeyS"),
    Place("campaign", "/campaigns", "Campaigns", "query", "KeyC"),
    Place("import", "/imports", "Import", "import", "KeyI"),
    Place("problem", "/problems", "Problems", "query", "KeyP"),
    Place("held", "/held", "Held", "query", "KeyH"),
    Place("terminal", "/terminals", "Terminal", "print", "KeyT"),
    Place("scan", "/scan", "Scan", "query", "KeyN"),
    Place("shift", "/shift", "Shift", "print", "KeyF"),
    Place("download", "/downloads", "Downloads", "download", "KeyD"),
    Place("alarm", "/alarm", "Alarm", "incident", "KeyA"),
    Place("picture", "/pictures", "Pictures", "query", "KeyU"),
    Place("journal", "/journal", "Journal", "query", "KeyJ"),
    Place("settings", "/settings", "Settings", "query", "KeyE"),
)
SETTINGS = (
    Place("settings", "/settings", "Shop", "query", ""),
    Place("settings", "/start", "First hour", "shop_settings", ""),
    Place("settings", "/settings/operators", "Operators", "operators", ""),
    Place("settings", "/settings/desks", "Desks", "shop_settings", ""),
    Place("settings", "/settings/stations", "Stations", "shop_settings", ""),
    Place("settings", "/settings/fingers", "Fingers", "query", ""),
    Place("settings", "/settings/keys", "API keys", "operators", ""),
    Place("settings", "/settings/connections", "Connections", "shop_settings", ""),
    Place("settings", "/settings/checks", "Checks", "shop_settings", ""),
    Place("settings", "/settings/own-rules", "Own checks", "shop_settings", ""),
    Place("settings", "/settings/webhooks", "Webhooks", "shop_settings", ""),
    Place("settings", "/settings/decoys", "Decoy accounts", "shop_settings", ""),
    Place("settings", "/settings/privacy", "Privacy", "operators", ""),
    Place("settings", "/settings/watch-list", "Watch list", "shop_settings", ""),
    Place("settings", "/settings/printers", "Printers", "print", ""),
    Place("settings", "/settings/queues", "Queues", "shop_settings", ""),
    Place("settings", "/settings/templates", "Templates", "shop_settings", ""),
    Place("settings", "/settings/amending", "Amending", "query", ""),
    Place("settings", "/settings/masking", "Masking", "query", ""),
    Place("settings", "/settings/alarm", "Alarm", "incident", ""),
    Place("settings", "/settings/people", "People", "incident", ""),
    Place("settings", "/settings/sirens", "Sirens", "incident", ""),
    Place("settings", "/settings/walls", "Wall", "shop_settings", ""),
    Place("settings", "/settings/sessions", "My sessions", "query", ""),
    Place("settings", "/settings/passkeys", "My passkeys", "query", ""),
)
ACTIONS = (
    Place("plus", "/orders/new", "New order", "amend", ""),
    Place("import", "/imports", "Import a sheet", "import", ""),
    Place("clock", "/lookups", "Recent look-ups", "query", ""),
    Place("layers", "/bulk", "Bulk acts of late", "query", ""),
    Place("download", "/downloads?new=1", "Ask for a file", "download", ""),
    Place("person", "/second-person", "Second person", "query", ""),
    Place("bell", "/drills", "Drill", "incident", ""),
    Place("lock", "/lock-all", "Lock everything", "operators", ""),
    Place("lock", "/lock-account", "Lock my account", "query", ""),
)
