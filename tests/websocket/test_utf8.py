"""Text must be UTF-8, and what is not is refused at its first wrong byte (section 6 of the public suite, in our own words)."""

import pytest
from support.echo import BINARY, CONTINUATION, INVALID_TEXT, PING, PONG, TEXT, frame, text_frames
from support.utf8 import first_bad_byte

KOSME = b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"
SURROGATES = [0xD800, 0xDB7F, 0xDB80, 0xDBFF, 0xDC00, 0xDF80, 0xDFFF]
LOW_SURROGATES = [0xDC00, 0xDFFF]


def spelled(code, size):
    """A code point in that many bytes, be it right or wrong to spell it so."""
    if size == 1:
        return bytes([code])
    tail = [0x80 | (code >> 6 * i & 0x3F) for i in range(size - 2, -1, -1)]
    first = (0xFF00 >> size & 0xFF) | code >> 6 * (size - 1)
    return bytes([first, *tail])


VALID = {
    "nothing": b"",
    "a sentence": "Hello-µ@ßöäüàá-UTF-8!!".encode(),
    "ascii": b"hello world",
    "4 bytes inside": "hello𤭢world".encode(),
    "kosme": KOSME,
    **{f"first of {size} bytes": spelled(code, size) for size, code in ((1, 0), (2, 0x80), (3, 0x800), (4, 0x10000))},
    **{f"last of {size} bytes": spelled(code, size) for size, code in ((1, 0x7F), (2, 0x7FF), (3, 0xFFFF), (4, 0x10FFFF))},
    **{f"U+{code:X}": chr(code).encode() for code in (0xD7FF, 0xE000, 0xFFFD, 0xFFFE, 0xFEFF, 0x10FFFE)},
    **{f"no character U+{plane:X}{low:X}": chr(plane << 16 | low).encode() for plane in range(17) for low in (0xFFFE, 0xFFFF)},
    "no characters U+FDD0 to U+FDEF": "".join(chr(code) for code in range(0xFDD0, 0xFDF0)).encode(),
    **{f"kosme up to byte {n}": KOSME[:n] for n in range(len(KOSME) + 1) if n in (0, 2, 5, 7, 9, 11)},
}
INVALID = {
    "a surrogate in a sentence": KOSME + b"\xed\xa0\x80edited",
    "beyond U+10FFFF in a sentence": KOSME + b"\xf4\x90\x80\x80edited",
    **{f"kosme cut at byte {n}": KOSME[:n] for n in range(1, len(KOSME)) if n not in (2, 5, 7, 9)},
    "first of 5 bytes": spelled(0x200000, 5),
    "first of 6 bytes": spelled(0x4000000, 6),
    "last of 4 bytes": spelled(0x1FFFFF, 4),
    "last of 5 bytes": spelled(0x3FFFFFF, 5),
    "last of 6 bytes": spelled(0x7FFFFFFF, 6),
    "U+110000": spelled(0x110000, 4),
    **{f"{n} continuations": (b"\x80\xbf" * 4)[:n] for n in range(1, 8)},
    "the last continuation": b"\xbf",
    "all continuations": bytes(range(0x80, 0xC0)),
    **{f"{name} starts alone": b"".join(bytes([byte]) + b" " for byte in bytes_)
       for name, bytes_ in (("2-byte", range(0xC0, 0xE0)), ("3-byte", range(0xE0, 0xF0)), ("4-byte", range(0xF0, 0xF8)),
                            ("5-byte", range(0xF8, 0xFC)), ("6-byte", range(0xFC, 0xFE)))},
    **{f"{what} of {size} bytes without its last": spelled(code, size)[:-1]
       for what, codes in (("the first", (0x80, 0x800, 0x10000, 0x200000, 0x4000000)),
                           ("the last", (0x7FF, 0xFFFF, 0x1FFFFF, 0x3FFFFFF, 0x7FFFFFFF)))
       for size, code in enumerate(codes, 2)},
    "a row of incomplete ones": b"".join(spelled(code, size)[:-1] for size, code in enumerate(
        (0x80, 0x800, 0x10000, 0x200000, 0x4000000), 2)),
    "FE": b"\xfe", "FF": b"\xff", "FE FE FF FF": b"\xfe\xfe\xff\xff",
    **{f"a slash in {size} bytes": spelled(0x2F, size) for size in range(2, 7)},
    **{f"the highest overlong of {size} bytes": spelled(code, size)
       for size, code in enumerate((0x7F, 0x7FF, 0xFFFF, 0x1FFFFF, 0x3FFFFFF), 2)},
    **{f"NUL in {size} bytes": spelled(0, size) for size in range(2, 7)},
    **{f"the surrogate {code:X}": spelled(code, 3) for code in SURROGATES},
    **{f"the surrogates {high:X} {low:X}": spelled(high, 3) + spelled(low, 3)
       for high in (0xD800, 0xDB7F, 0xDB80, 0xDBFF) for low in LOW_SURROGATES},
}


def test_the_lists_are_what_they_say():
    for name, data in VALID.items():
        assert first_bad_byte(data) is None and data.decode().encode() == data, name
    for name, data in INVALID.items():
        assert first_bad_byte(data) is not None, name
        with pytest.raises(UnicodeDecodeError):
            data.decode()


# 6.1, 6.2, 6.5 to 6.23: valid texts, whole and in pieces that cut characters.

@pytest.mark.parametrize("name", VALID)
def test_valid_text_comes_back_whole_and_in_pieces(socket, name):
    data = VALID[name]
    socket.send(frame(TEXT, data))
    socket.expect_echo(data)
    socket.send(text_frames(data, 1))
    socket.expect_echo(data)
    socket.send_chopped(frame(TEXT, data), 1)
    socket.expect_echo(data)
    socket.close_normally()


# 6.3, 6.5 to 6.21: invalid texts.

@pytest.mark.parametrize("name", INVALID)
def test_invalid_text_breaks_the_connection(socket, name):
    socket.send(frame(TEXT, INVALID[name]) + frame(PING))
    socket.expect_failed(INVALID_TEXT)


@pytest.mark.parametrize("name", INVALID)
def test_invalid_text_in_fragments_of_one_byte_breaks_the_connection(socket, name):
    socket.send(text_frames(INVALID[name], 1))
    socket.expect_failed(INVALID_TEXT)


# 6.4: as soon as it can be known, and no sooner. What is left of the frame or message is never sent.

def until_wrong(data):
    """The bytes before the first wrong one, and that one. None where only the end makes it wrong."""
    bad = first_bad_byte(data)
    return None if bad == len(data) else (data[:bad], data[bad:bad + 1])


WRONG_INSIDE = [name for name in INVALID if until_wrong(INVALID[name])]


@pytest.mark.parametrize("name", WRONG_INSIDE)
def test_a_wrong_byte_is_refused_before_its_message_is_complete(socket, name):
    right, wrong = until_wrong(INVALID[name])
    socket.send(frame(TEXT, right, fin=False))
    socket.settle()
    socket.send(frame(CONTINUATION, wrong, fin=False))
    socket.expect_failed(INVALID_TEXT)


@pytest.mark.parametrize("name", WRONG_INSIDE)
def test_a_wrong_byte_is_refused_before_its_frame_is_complete(socket, name):
    right, wrong = until_wrong(INVALID[name])
    whole = frame(TEXT, right + wrong + b"never sent")
    socket.send(whole[:-len(b"never sent")])
    socket.expect_failed(INVALID_TEXT)


@pytest.mark.parametrize("first, second, third", [
    (KOSME, b"\xf4\x90\x80\x80", b"edited"), (KOSME + b"\xf4", b"\x90", b"\x80\x80edited"), (KOSME, b"\xed\xa0\x80", b"edited"),
    (KOSME + b"\xed", b"\xa0", b"\x80edited"),
], ids=["U+110000 as a whole", "U+110000 cut", "a surrogate as a whole", "a surrogate cut"])
def test_the_second_of_three_fragments_is_refused_at_once(socket, first, second, third):
    socket.send(frame(TEXT, first, fin=False))
    socket.settle()
    socket.send(frame(CONTINUATION, second, fin=False))
    socket.expect_failed(INVALID_TEXT)
    del third  # would be right by itself, and is never needed


@pytest.mark.parametrize("cut", range(1, len(KOSME)))
def test_a_character_that_is_not_complete_yet_is_not_refused(socket, cut):
    socket.send(frame(TEXT, KOSME[:cut], fin=False))
    socket.settle()
    socket.send(frame(CONTINUATION, KOSME[cut:]))
    socket.expect_echo(KOSME)
    socket.close_normally()


def test_a_ping_between_the_halves_of_a_character_need_not_be_text(socket):
    socket.send(frame(TEXT, b"\xce", fin=False) + frame(PING, b"\xff\xfe") + frame(CONTINUATION, b"\xba"))
    socket.expect(PONG, b"\xff\xfe")
    socket.expect_echo("κ".encode())
    socket.close_normally()


def test_one_message_s_end_does_not_help_the_next(socket):
    socket.send(frame(BINARY, b"\xce") + frame(TEXT, b"\xba"))
    socket.expect_echo(b"\xce", BINARY)
    socket.expect_failed(INVALID_TEXT)


# Every code point, and everything that looks like one and is none.

def test_every_code_point_comes_back(socket):
    for plane in range(17):
        text = "".join(chr(code) for code in range(plane << 16, (plane + 1) << 16) if not 0xD800 <= code <= 0xDFFF).encode()
        socket.send(frame(TEXT, text))
        socket.expect_echo(text)
    socket.close_normally()
