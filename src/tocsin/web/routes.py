"""Routes of the pages, as the application takes them."""

from typing import Any

from litestar import get
from litestar.response import Redirect

from tocsin.orders.saved_screen import opening_screen
from tocsin.web.access import ACCESS
from tocsin.web.act import ACTS
from tocsin.web.alarm import ALARM
from tocsin.web.amend import AMEND
from tocsin.web.amending import AMENDING
from tocsin.web.asking import ASKING
from tocsin.web.bulk import BULK
from tocsin.web.campaign import CAMPAIGN
from tocsin.web.campaigns import CAMPAIGNS
from tocsin.web.check_levels import CHECK_LEVELS
from tocsin.web.conflict import CONFLICT
from tocsin.web.connections import CONNECTIONS
from tocsin.web.decoys import DECOYS
from tocsin.web.desks import DESKS
from tocsin.web.downloads import DOWNLOADS
from tocsin.web.drill import DRILLS
from tocsin.web.editing import EDITING
from tocsin.web.finger import FINGER
from tocsin.web.fingers import FINGERS_PAGES
from tocsin.web.guard import PageRequest, enter
from tocsin.web.held import HELD
from tocsin.web.imported import IMPORTED
from tocsin.web.imports import IMPORTS, get_imports, post_import
from tocsin.web.incident import INCIDENTS
from tocsin.web.join import JOIN
from tocsin.web.journal import JOURNAL
from tocsin.web.keys import KEYS
from tocsin.web.live import LIVE
from tocsin.web.lock import LOCK
from tocsin.web.lock_all import LOCK_ALL
from tocsin.web.lookups import LOOKUPS
from tocsin.web.lost import LOST
from tocsin.web.masking import MASKING
from tocsin.web.mending import MENDING
from tocsin.web.mine import MINE
from tocsin.web.new import NEW
from tocsin.web.operator import OPERATOR
from tocsin.web.operators import OPERATORS
from tocsin.web.order import ORDER
from tocsin.web.orders import ORDERS
from tocsin.web.own_rules import OWN_RULES
from tocsin.web.palette import PALETTE
from tocsin.web.paper import PAPERS
from tocsin.web.passkey_door import PASSKEY_DOOR
from tocsin.web.passkeys import PASSKEYS
from tocsin.web.people import PEOPLE
from tocsin.web.person import PERSON
from tocsin.web.phone import PHONE
from tocsin.web.pictures import PICTURES
from tocsin.web.posture import POSTURE
from tocsin.web.preview import PREVIEWS
from tocsin.web.print_job import PRINT_JOBS
from tocsin.web.printer import PRINTER
from tocsin.web.printer_address import PRINTER_ADDRESS
from tocsin.web.printer_swap import PRINTER_SWAP
from tocsin.web.printers import PRINTERS
from tocsin.web.privacy import PRIVACY
from tocsin.web.privacy_rules import PRIVACY_RULES
from tocsin.web.problems import PROBLEMS
from tocsin.web.profiles import PROFILES, post_columns
from tocsin.web.prove import PROVE
from tocsin.web.push import PUSH
from tocsin.web.queues import QUEUES
from tocsin.web.received import RECEIVED
from tocsin.web.reset import RESET
from tocsin.web.restored import RESTORED
from tocsin.web.revise import REVISE
from tocsin.web.rules import RULES_PAGES
from tocsin.web.scan import SCAN
from tocsin.web.screen import SCREENS
from tocsin.web.second_person import SECOND_PERSON
from tocsin.web.sessions import SESSIONS
from tocsin.web.settings import SETTINGS
from tocsin.web.shift import SHIFT
from tocsin.web.shift_finger import SHIFT_FINGER
from tocsin.web.sirens import SIRENS
from tocsin.web.start import START
from tocsin.web.stations import STATIONS
from tocsin.web.style import STYLE
from tocsin.web.terminal import TERMINALS
from tocsin.web.ticket_templates import TEMPLATES
from tocsin.web.timeline import TIMELINE
from tocsin.web.undo import UNDO
from tocsin.web.wall import WALL
from tocsin.web.walls import WALLS
from tocsin.web.watch_list import WATCH_LIST
from tocsin.web.webhooks import WEBHOOKS


@get("/", sync_to_thread=True)
def get_desk(request: PageRequest) -> Redirect:
    """Lead to the screen that one's desk opens with, to the orders, or to the sign-in."""
    desk, actor = enter(request)
    opens = desk.db.read(actor.merchant_id, lambda tx: opening_screen(tx, actor))
    return Redirect(f"/orders?screen={opens.id}" if opens else "/orders", status_code=303)


FORM_MOST_BYTES = 4 << 20
# Who sends these is asked before a byte of the body is read; they alone may be as long as an upload.
UPLOADS: list[Any] = [get_imports, post_import, post_columns]
PAGES: list[Any] = [
    get_desk,
    *ACCESS,
    *PASSKEY_DOOR,
    *PASSKEYS,
    *PRIVACY,
    *PRIVACY_RULES,
    *PROVE,
    *RESET,
    *ASKING,
    *PALETTE,
    *BULK,
    *ORDERS,
    *ORDER,
    *ACTS,
    *AMEND,
    *AMENDING,
    *MASKING,
    *CONFLICT,
    *EDITING,
    *UNDO,
    *TIMELINE,
    *ALARM,
    *INCIDENTS,
    *POSTURE,
    *MINE,
    *PEOPLE,
    *PERSON,
    *PHONE,
    *PUSH,
    *RECEIVED,
    *DRILLS,
    *RULES_PAGES,
    *CHECK_LEVELS,
    *OWN_RULES,
    *NEW,
    *SCREENS,
    *SETTINGS,
    *OPERATORS,
    *OPERATOR,
    *JOIN,
    *KEYS,
    *CONNECTIONS,
    *DECOYS,
    *SESSIONS,
    *DESKS,
    *LOCK,
    *LOCK_ALL,
    *RESTORED,
    *LOST,
    *JOURNAL,
    *DOWNLOADS,
    *HELD,
    *(each for each in IMPORTS if each not in UPLOADS),
    *IMPORTED,
    *MENDING,
    *(each for each in PROFILES if each not in UPLOADS),
    *FINGER,
    *FINGERS_PAGES,
    *STATIONS,
    *LIVE,
    *LOOKUPS,
    *PRINT_JOBS,
    *PRINTERS,
    *PRINTER,
    *PRINTER_SWAP,
    *PRINTER_ADDRESS,
    *QUEUES,
    *SIRENS,
    *REVISE,
    *SCAN,
    *SHIFT,
    *SHIFT_FINGER,
    *START,
    *STYLE,
    *PAPERS,
    *PREVIEWS,
    *TERMINALS,
    *TEMPLATES,
    *PROBLEMS,
    *WEBHOOKS,
    *WATCH_LIST,
    *SECOND_PERSON,
    *CAMPAIGNS,
    *CAMPAIGN,
    *PICTURES,
    *WALL,
    *WALLS,
]
