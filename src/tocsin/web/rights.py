"""Rights in words, as pages name them: what a role, an API key or a refusal is about."""

RIGHTS: dict[str, str] = {
    "query": "Look up orders", "reveal": "Reveal receivers", "reveal_finding": "Reveal receivers to mend a finding",
    "amend": "Create and amend orders", "import": "Import orders", "mark": "Mark payment and delivery", "cancel": "Cancel orders",
    "print": "Print tickets", "hold": "Hold orders", "settle": "Say whether a ticket came out",
    "acknowledge": "Acknowledge warnings", "release": "Release holds", "second_person": "Confirm as second person",
    "download": "Download masked data", "download_real": "Download real data",
    "download_real_reason": "Download real data, with a reason", "incident": "See and silence alarms",
    "incident_clear": "Clear alarms", "shop_settings": "Change the settings of the shop", "operators": "Look after operators",
    "operators_below": "Look after clerks and checkers", "journal": "Read the journal",
    "journal_own": "Read one's own part of the journal", "device": "Work as a station",
}  # fmt: skip
