"""Our own cases of JSON that readers disagree about, by the classes of RFC 8259: must be refused, must be taken, may be either.

Each is the body of an order. What is taken must read back as `text`, the title of its one line, or `quantity`.
"""

from msgspec import Struct


class Case(Struct, frozen=True):
    """A body, and what must become of it: `refused`, `equal`, or `either` of the two."""

    name: str
    body: bytes
    must: str
    text: str = "a"
    quantity: str = "1"


_GOOD = '{"lines":[{"title":"a","unit_price":"1"}]}'
_DEEP = 100_000
# Whole bodies that are no JSON, or no one order.
_BROKEN = {
    "nothing": b"", "blank": b" ", "newlines": b"\n\n", "nul": b"\0", "nul before": b"\0" + _GOOD.encode(), "nul after": _GOOD.encode() + b"\0",
    "array": b"[]", "array of orders": b"[" + _GOOD.encode() + b"]", "null": b"null", "true": b"true", "number": b"7", "string": b'"a"',
    "nul byte literal": b"nul", "capital": b"True", "capital null": b"NULL", "undefined": b"undefined", "word": b"order", "two values": _GOOD.encode() * 2,
    "comma after": _GOOD.encode() + b",", "brace after": _GOOD.encode() + b"}", "bracket after": _GOOD.encode() + b"]", "garbage after": _GOOD.encode() + b"#",
    "semicolon": _GOOD.encode() + b";", "comma alone": b",", "colon alone": b":", "brace": b"{", "bracket": b"[", "closing brace": b"}", "star": b"*",
    "comment line": b"// x\n" + _GOOD.encode(), "comment block": b"/* x */" + _GOOD.encode(), "comment hash": b"# x\n" + _GOOD.encode(), "comment after": _GOOD.encode() + b"// x",
    "comment inside": _GOOD.replace("[", "[/**/").encode(), "bom": b"\xef\xbb\xbf" + _GOOD.encode(), "bom alone": b"\xef\xbb\xbf", "half a bom": b"\xef\xbb" + _GOOD.encode(),
    "utf-16 le": _GOOD.encode("utf-16-le"), "utf-16 be": _GOOD.encode("utf-16-be"), "utf-16 bom": _GOOD.encode("utf-16"), "utf-32": _GOOD.encode("utf-32"), "utf-7": b"+AHs-",
    "gbk": '{"lines":[{"title":"酥梨","unit_price":"1"}]}'.encode("gbk"), "latin-1": '{"lines":[{"title":"é","unit_price":"1"}]}'.encode("latin-1"),
    "deep arrays": b"[" * _DEEP, "deep closed arrays": b"[" * _DEEP + b"]" * _DEEP, "deep objects": b'{"a":' * _DEEP, "deep closed objects": b'{"a":' * _DEEP + b"1" + b"}" * _DEEP,
    "deep in an order": b'{"lines":' + b"[" * _DEEP + b"]" * _DEEP + b"}", "deep mixed": b'[{"":' * _DEEP, "65 levels": b'{"lines":' + b"[" * 65 + b"]" * 65 + b"}",
    "trailing comma in object": b'{"channel":"a",}', "trailing comma in array": b'{"lines":[{"title":"a"},]}', "leading comma": b'{,"channel":"a"}', "two commas": b'{"channel":"a",,"shop":"b"}',
    "no comma": b'{"channel":"a" "shop":""}', "no colon": b'{"channel" "a"}', "two colons": b'{"channel"::"a"}', "equals sign": b'{"channel"="a"}', "no value": b'{"channel":}', "no key": b'{:"a"}',
    "bare key": b'{channel:"a"}', "single quotes": b"{'channel':'a'}", "number as key": b'{1:"a"}', "null as key": b'{null:"a"}', "key alone": b'{"channel"}', "array as object": b'["channel":"a"]',
    "unclosed object": b'{"channel":"a"', "unclosed string": b'{"channel":"a}', "closed by another": b'{"channel":"a"]', "empty elements": b'{"lines":[,]}',
    "key twice": b'{"channel":"a","channel":"b","lines":[{"title":"a"}]}', "key twice the same": b'{"channel":"a","channel":"a"}', "key twice escaped": b'{"channel":"a","chann\\u0065l":"b"}',
    "key twice deep": b'{"lines":[{"title":"a","title":"b","unit_price":"1"}]}', "unknown key": b'{"chanel":"a"}', "proto": b'{"__proto__":{"a":1}}', "constructor": b'{"constructor":{"prototype":{}}}',
    "empty key": b'{"":"a"}', "key with nul": b'{"channel\\u0000":"a"}', "lines is an object": b'{"lines":{}}', "lines is null": b'{"lines":null}', "receiver is a list": b'{"receiver":[]}',
    "title is a number": b'{"lines":[{"title":1}]}', "title is null": b'{"lines":[{"title":null}]}', "title is missing": b'{"lines":[{}]}', "flag is a word": b'{"cancelled":"true","lines":[]}',
    "unknown state": b'{"payment":"payed"}', "form": b"channel=a&lines=1", "xml": b"<order/>", "csv": b"a,b\n1,2", "yaml": b"lines:\n- title: a", "json lines": _GOOD.encode() + b"\n" + _GOOD.encode(),
    "python": b"{'lines': (1,)}", "jsonp": b"f(" + _GOOD.encode() + b")", "hijack guard": b")]}',\n" + _GOOD.encode(), "form feed between": _GOOD.replace("[", "[\f").encode(),
    "no-break space between": _GOOD.replace("[", "[\u00a0").encode(), "line separator between": _GOOD.replace("[", "[\u2028").encode(), "zero width between": _GOOD.replace("[", "[\u200b").encode(),
}  # fmt: skip
# What stands in place of a title and is no JSON string, or no text.
_NO_TEXT = {
    "newline": b'"a\nb"', "carriage return": b'"a\rb"', "tab": b'"a\tb"', "control 1": b'"\x01"', "escape byte": b'"\x1b"', "raw nul": b'"a\0b"', "escaped nul": b'"a\\u0000b"',
    "bad escape": b'"\\x41"', "octal escape": b'"\\101"', "capital U": b'"\\U0041"', "braces": b'"\\u{41}"', "three digits": b'"\\u004"', "no digits": b'"\\u"', "minus digits": b'"\\u-041"',
    "blank digits": b'"\\u 041"', "full-width digits": '"\\u００４１"'.encode(), "quote escape": b'"\\\'"', "escaped newline": b'"\\\n"', "a backslash at the end": b'"a\\"', "emoji escape": '"\\😀"'.encode(),
    "lone high": b'"\\ud800"', "lone low": b'"\\udc00"', "high then text": b'"\\ud800a"', "swapped pair": b'"\\udc00\\ud800"', "high twice": b'"\\ud83d\\ud83d\\ude00"', "high and half": b'"\\ud83d\\ude"',
    "raw surrogate": b'"\xed\xa0\x80"', "raw surrogate pair": b'"\xed\xa0\xbd\xed\xb8\x80"', "overlong slash": b'"\xc0\xaf"', "overlong nul": b'"\xc0\x80"', "overlong three": b'"\xe0\x80\xaf"', "overlong four": b'"\xf0\x80\x80\xaf"',
    "beyond unicode": b'"\xf4\x90\x80\x80"', "five bytes": b'"\xf8\x88\x80\x80\x80"', "lone continuation": b'"\x80"', "cut two": b'"\xc3"', "cut three": b'"\xe6\xa2"', "cut four": b'"\xf0\x9f\x98"', "byte ff": b'"\xff"', "byte fe": b'"\xfe"',
    "single quotes": b"'a'", "backquotes": b"`a`", "no quotes": b"a", "typographic quotes": "“a”".encode(), "joined": b'"a" + "b"', "too long": b'"' + b"x" * 8_001 + b'"',
}  # fmt: skip
# What stands in place of a quantity and is no number of JSON, or none that a quantity can be.
_NO_NUMBER = (
    "NaN", "nan", "-NaN", "Infinity", "-Infinity", "+Infinity", "inf", "1e400", "-1e400", "1e999999", "+1", "++1", "--1", "- 1", "01", "-01", "00", "1_000", "1,000", "1 000", "0x1F", "0b1", "0o7",
    ".5", "-.5", "1.", "1.e5", "0.e1", "1e", "1e+", "1eE2", "1e1.5", "1.2.3", "1a", "1f", "1L", "1n", "٣", "１", "½", "Ⅷ", "∞", "9223372036854775808", "-9223372036854775809", "18446744073709551616",
    "1" + "0" * 400, "-" + "9" * 5_000, "true", "null", "[1]", '{"a":1}', '"NaN"', '"Infinity"', '"1e400"', '"0x10"', '"1_000"', '"--1"', '"9223372036854775808"', '"1.2.3"', '"一"', '""',
)  # fmt: skip
# Numbers that may be taken, as exactly what they are.
_EITHER = {
    "0": "0", "-0": "0", "0e1": "0", "1.0": "1", "1.5": "1.5", "1e2": "100", "1E+2": "100", "1e-2": "0.01", "0.1": "0.1", "0.30000000000000004": "0.30000000000000004", "-1": "-1",
    "9007199254740992": "9007199254740992", "9007199254740993": "9007199254740993", "9223372036854775807": "9223372036854775807", "123456789012": "123456789012", "9007199": "9007199",
    '"0.000001"': "0.000001", '"0.0000001"': "0.0000001", '"1e2"': "100", '"+1"': "1", '"01"': "1", '" 1 "': "1", '"1."': "1", '".5"': "0.5", '"9007199.254741"': "9007199.254741", '"１"': "1", '"٣"': "3",
    '"-0"': "0", '"9007199254740993"': "9007199254740993", '"1,000"': "1000",
}  # fmt: skip
# JSON strings that are sound, and the text that they are once it is clean.
_SOUND = {
    '"\\u0061"': "a", '"\\u00E9\\u00e9"': "éé", '"\\"\\\\\\/"': '"\\/', '"a\\nb\\tc"': "a b c", '"\\u0061\\u0301"': "á", '"\\ud83d\\ude00"': "😀", '"\\uD83D\\uDE00"': "😀", '"😀"': "😀",
    '"\\ud834\\udd1e"': "𝄞", '"𠮷"': "𠮷", '"\\u0022"': '"', '"\\u005C"': "\\", '"a\\u007fb"': "ab", '"a\x7fb"': "ab", '"a\\ufeffb"': "ab", '"a\\ufffeb"': "ab", '"a\\udbff\\udfffb"': "ab",
    '"a\\u2028b"': "a b", '"\u2028a"': "a", '"\\u200ba"': "a", '"\\ufffd"': "\ufffd", '"\\\\u0000"': "\\u0000", '"NaN"': "NaN", '"null"': "null", '"1e400"': "1e400", '"//"': "//",
    '"/* */"': "/* */", '"\\u4f60\\u597d"': "你好", '"' + "x" * 8_000 + '"': "x" * 8_000, '"﷽"': "﷽", '"[],{}:"': "[],{}:", '"<\\/script>"': "</script>",
}  # fmt: skip
_LAYOUT = {
    "blanks around": f" \t\r\n{_GOOD} \t\r\n", "blanks inside": _GOOD.replace(":", " : ").replace("[", "[ \n").replace("]", "\t]"), "escaped keys": _GOOD.replace("title", "\\u0074itle"),
    "other order of keys": '{"channel":"api","lines":[{"unit_price":"1","title":"a"}]}', "a line break a token": _GOOD.replace(",", "\n,\n"),
}  # fmt: skip


def _in_title(token: bytes) -> bytes:
    return b'{"lines":[{"title":' + token + b',"unit_price":"1"}]}'


def _in_quantity(token: str) -> bytes:
    return f'{{"lines":[{{"title":"a","unit_price":"1","quantity":{token}}}]}}'.encode()


def every_case() -> list[Case]:
    """Return each case."""
    cut = [Case(f"cut after {n}", _GOOD[:n].encode(), "refused") for n in range(1, len(_GOOD), 5)]
    return [
        *(Case(name, body, "refused") for name, body in _BROKEN.items()),
        *cut,
        *(Case(f"title: {name}", _in_title(token), "refused") for name, token in _NO_TEXT.items()),
        *(Case(f"quantity: {token[:30]}", _in_quantity(token), "refused") for token in _NO_NUMBER),
        *(
            Case(f"quantity: {token}", _in_quantity(token), "either", quantity=to)
            for token, to in _EITHER.items()
        ),
        *(
            Case(f"title: {token[:30]}", _in_title(token.encode()), "equal", text=to)
            for token, to in _SOUND.items()
        ),
        *(Case(name, body.encode(), "equal") for name, body in _LAYOUT.items()),
    ]
