"""Our own strings that break programs, by kind; `kept` says what the desk keeps of each, by the rule in docs/api.md alone.

The characters that nobody sees are written by their numbers, so that this file can be read.
"""

import unicodedata

_BLANKS = [0x20, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000]
_BREAKS = [0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029]
_UNSEEN = [
    0xAD,
    0x180E,
    0x200B,
    0x200C,
    0x200D,
    0x2060,
    0x2061,
    0x2063,
    0xFEFF,
    0xFFF9,
    0xFFFB,
    0x1BCA0,
    0x1D173,
    0xE0001,
    0xE0061,
]
_BIDI = [0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
_CONTROLS = [*range(1, 9), *range(0x0E, 0x20), 0x7F, *range(0x80, 0x85), *range(0x86, 0xA0)]
_NOTHING = [0xE000, 0xF8FF, 0xF0000, 0x10FFFD, 0x378, 0xFFFE, 0xFFFF, 0x1FFFE, 0x10FFFF, 0xFDD0, 0x2FE0]

KINDS: dict[str, list[str]] = {
    "blanks": [f"a{chr(n)}b" for n in _BLANKS],
    "breaks": [f"a{chr(n)}b" for n in _BREAKS] + ["a\r\nb", "\n\na\n\n", "\ta\t"],
    "unseen": [f"a{chr(n)}b" for n in _UNSEEN] + [f"{chr(0x200b)}a{chr(0xfeff)}"],
    "bidi": [f"a{chr(n)}b" for n in _BIDI] + [f"{chr(0x202e)}fdp.exe", f"{chr(0x2067)}x{chr(0x2069)}", "abc \u05d0\u05d1\u05d2 123", "\u0645\u0631\u062d\u0628\u0627"],
    "controls": [f"a{chr(n)}b" for n in _CONTROLS] + ["\x1b[31mred\x1b[0m", "\x1b]0;t\x07", "a\x08\x08b", "\x1b[2J"],
    "nothing": [f"a{chr(n)}b" for n in _NOTHING],
    "marks": [
        "e\u0301", "\u00e9", "a" + "\u0301" * 20, "Z\u0351\u0343a\u0346\u033el\u0306\u0352g\u033f\u034co\u0360\u0335", "\u0301a", "\u1100\u1161\u11a8", "\uac01", "\u212b", "\ufb01", "\u1e9b\u0323",
        "\u0915\u094d\u0937", "\u0e01\u0e33", "\u00df", "\u0130i\u0131I", "\u01c5", "\u2126", "\uff21\uff22\uff11", "\u0f71\u0f72", "q\u0307\u0323", "a" * 600 + "\u0301" * 40,
    ],
    "emoji": [
        "😀", "👨‍👩‍👧‍👦", "👍🏽", "🏳️‍🌈", "❤️", "❤︎", "🇨🇳", "🇨", "🇨🇨🇳", "1️⃣", "#️⃣", "🧑🏿‍🚀", "🫠", "☺", "©️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "💩" * 50,
    ],
    "han": ["𠮷野家", "𪜶", "𰻝𰻝面", "龘靐齉", "㐀", "﨑", "髙", "酥梨（五斤）", "「」『』", "〇", "ｱｲｳ", "ㄅㄆㄇ", "한국어", "日本語テスト", "ไทย", "हिन्दी", "Ελληνικά", "Русский", "עברית", "ﷺ", "Ǆ", "ℵ", "①②③", "㊣㊙", "㍿", "㎏"],
    "sql": [
        "' OR '1'='1", "'; DROP TABLE orders; --", '" OR ""="', "1; SELECT pg_sleep(9)", "') UNION SELECT NULL--", "admin'--", "\\'; --", "%' AND 1=0", "_%_%", "$$; $$", "a''b", "NULL", "x' || 'y", ":name", "?", "%(a)s", "MATCH *", 'NEAR("a" "b")',
        "a AND", "a OR", "NOT", '"', "'", "a*", "*", "^a", "col:val", "{a b}:c", "-a", "(", ")", "()", "a:(b", "🔥' OR 1",
    ],
    "html": [
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"><svg onload=alert(1)>', "' onmouseover='alert(1)", "javascript:alert(1)", "<b>bold</b>", "&lt;b&gt;", "&amp;", "&#x3C;script&#x3E;", "</textarea><script>1</script>",
        "<!--", "-->", "<![CDATA[x]]>", "]]>", "<iframe src=//x>", "<a href='data:text/html,x'>", "</title><script>1</script>", "<style>*{display:none}</style>", "<meta http-equiv=refresh>", "<x/onclick=1>", '" autofocus onfocus=alert(1) x="', "＜script＞",
    ],
    "templates": [
        "{{7*7}}", "{% raw %}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "{{config}}", "{{''.__class__}}", "[[7*7]]", "{0}", "{}", "{a.b}", "{0.__class__}", "%s%s%n", "%d", "%x%x%p", "%%", "%", "%(a)s", "{num}", "$a", "\\u0041", "\\x41", "\\n", "\\",
        "#set($x=1)", "#let x = 1", '#image("/etc/passwd")', "*bold*", "_x_", "`x`", "$x$", "@a", "= heading", "[x](javascript:1)",
    ],
    "paths": [
        "../../etc/passwd", "..\\..\\windows", "/etc/passwd", "C:\\a", "\\\\host\\share", "file:///etc/passwd", "a/../b", "./a", "~", "~root", "CON", "PRN", "AUX", "NUL", "COM1", "LPT1", "con.txt", "a.", ".htaccess", "a/b", "a%2fb", "%2e%2e%2f", "%00", "a;b", "~$a.xlsx",
    ],
    "commands": [
        "; ls", "| cat /etc/passwd", "&& id", "$(id)", "`id`", "a & b", "> /tmp/x", "-rf", "--help", "$HOME", "%PATH%", "!!", "a\\\nb", "() { :; }; id", "${jndi:ldap://x/a}", "\r\nSet-Cookie: a=b", "a\r\n\r\nb", "x\nFrom: a@b",
    ],
    "formulas": ["=1+1", "+1+1", "-1+1", "@SUM(1)", "=cmd|' /C calc'!A0", '=HYPERLINK("http://x","y")', "\t=1", "'=1", "＝1+1", " =1", "=-1", "-5", "+5", ";=1", ",=1", '"=1"'],
    "numbers": [
        "0", "-0", "00", "007", "1e5", "1E400", "0x1A", "1.", ".5", "1.0", "1,5", "1_000", "NaN", "Infinity", "-Infinity", "9007199254740993", "9223372036854775808", "123456789012345678901234567890", "１２３", "١٢٣", "½", "²", "1/2", "−5", "5%", "¥5", "1e", "0.1e1", "+86 138", "4607031234567890123",
    ],
    "dates": ["2026-02-30", "1/2/3", "1-2", "MAR1", "12:60", "24:00", "0000-00-00", "9999-12-31", "1970-01-01", "2026-W01", "now", "today", "1e10", "２０２６年", "Jan 1", "2026-11-22T00:00:00Z"],
    "nulls": ["null", "NULL", "nil", "None", "undefined", "undef", "true", "false", "True", "N/A", "#N/A", "#REF!", "-", "(null)", "[]", "{}", "[object Object]", "nan", "yes", "no", "是", "无", "空", "？", "."],
    "people": ["O'Brien", "Null", "Test", "True", "van der Berg", "A", "王", "欧阳", "😀王", "X Æ A-12", "Jr.", "Smith-Jones", "D’Angelo", "李 明", "mother's 🍐", "阿卜杜热合曼·买买提"],
    "long": ["x" * 300, "梨" * 300, "a " * 300, "é" * 600, "𠮷" * 300, "a,b;" * 100, "9" * 300, "." * 300, "-" * 300, "x" * 7_999, "梨" * 8_000],
}  # fmt: skip
KINDS["long"].append(
    "".join(chr(0x4E00 + n * 7_919 % 20_000) for n in range(3_000))
)  # nothing makes it shorter
STRINGS = [text for texts in KINDS.values() for text in dict.fromkeys(texts)]


def kept(text: str) -> str:
    """Return what is kept: breaks become blanks; control, format, private and unassigned characters go; NFC; no blanks at the ends."""
    gone = {"Cc", "Cf", "Cs", "Co", "Cn"}
    spaced = "".join(" " if ord(c) in _BREAKS else c for c in text)
    plain = "".join(c for c in spaced if unicodedata.category(c) not in gone)
    if len(plain) >= 512:  # marks without end cost time without end: thirty in a row are kept
        marks, bound = 0, ""
        for c in plain:
            marks = marks + 1 if unicodedata.combining(c) else 0
            bound += c if marks <= 30 else ""
        plain = bound
    return unicodedata.normalize("NFC", plain).strip()
