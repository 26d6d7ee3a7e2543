import sys
import unicodedata

from store.server.limits import CONTROL_CHARACTER, CONTROL_CHARACTER_BUT_LINES

EVERY = [chr(number) for number in range(sys.maxunicode + 1)]


def test_control_characters_are_those_of_unicode_and_what_utf_8_cannot_carry() -> None:
    found = [each for each in EVERY if unicodedata.category(each) in ("Cc", "Cs")]
    assert CONTROL_CHARACTER.findall("".join(EVERY)) == found


def test_texts_of_several_lines_hold_line_feeds_and_tabs_and_no_other_control_characters() -> None:
    text = "".join(EVERY)
    single, lines = CONTROL_CHARACTER.findall(text), CONTROL_CHARACTER_BUT_LINES.findall(text)
    assert set(lines) < set(single)
    assert set(single) - set(lines) == {"\t", "\n"}
