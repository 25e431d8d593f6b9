"""Where a text stops being UTF-8, byte by byte, by the grammar of RFC 3629 (section 4) and by nothing else."""

TAIL = (0x80, 0xBF)
# First byte's range, then the ranges of the bytes after it.
FORMS = [
    ((0x00, 0x7F),),
    ((0xC2, 0xDF), TAIL),
    ((0xE0, 0xE0), (0xA0, 0xBF), TAIL),
    ((0xE1, 0xEC), TAIL, TAIL),
    ((0xED, 0xED), (0x80, 0x9F), TAIL),
    ((0xEE, 0xEF), TAIL, TAIL),
    ((0xF0, 0xF0), (0x90, 0xBF), TAIL, TAIL),
    ((0xF1, 0xF3), TAIL, TAIL, TAIL),
    ((0xF4, 0xF4), (0x80, 0x8F), TAIL, TAIL),
]


def first_bad_byte(data):
    """The index of the first byte that no valid text could hold there; len(data) when the end comes inside a character;
    None for valid text."""
    open_forms = []  # the rests of the forms that the character in progress may still take
    for index, byte in enumerate(data):
        rests = [form[1:] for form in (open_forms or FORMS) if form[0][0] <= byte <= form[0][1]]
        if not rests:
            return index
        open_forms = [rest for rest in rests if rest]
    return len(data) if open_forms else None
