"""Fixed-width text to words and rules on the character plane; each test shows its document."""

from extractors.convert import convert
from extractors.page import CHARACTER_WIDTH, DEFAULT, Line, Page, TextPlace, Word
from extractors.text import read_text


def pages(text: str) -> list[Page]:
    """The pages of a document."""
    return list(read_text(text.encode(), DEFAULT).pages)


def words(text: str) -> list[str]:
    """All words of all pages."""
    return [word.text for page in pages(text) for word in page.words]


def word(text: str, said: str) -> Word:
    """The one word that says this."""
    (found,) = [w for page in pages(text) for w in page.words if w.text == said]
    return found


TAGGED = """\
                 ACME CORP
               BALANCE SHEET
<TABLE>
<CAPTION>
                                   1998        1997
                                 --------    --------
<S>                              <C>         <C>
Cash ........................... $  1,200    $    900
Inventories.....................   (3,400)       ----
                                 --------    --------
Total                            $ (2,200)   $    900
                                 ========    ========
</TABLE>
"""


def test_words_stand_at_their_characters() -> None:
    """A word's box is its columns and its place the characters of its line."""
    found = word(TAGGED, "1,200")
    assert found.place == TextPlace(line=8, start=36, end=41)
    assert (found.left, found.right) == (36 * CHARACTER_WIDTH, 41 * CHARACTER_WIDTH)


def test_tags_leaders_and_rules_are_no_words() -> None:
    """What is not printed for the reader is not handed over as words."""
    said = words(TAGGED)
    assert not [w for w in said if w.startswith("<") or ".." in w or "===" in w]
    assert said[:5] == ["ACME", "CORP", "BALANCE", "SHEET", "1998"]


def test_rules_are_handed_over_at_their_columns() -> None:
    """Rows of dashes and of equal signs become rules as wide as they are printed."""
    (page,) = pages(TAGGED)
    assert len(page.rules) == 6
    assert {(rule.left, rule.right) for rule in page.rules} == {(33 * 6.0, 41 * 6.0), (45 * 6.0, 53 * 6.0)}
    assert all(rule.horizontal for rule in page.rules)


def test_dashes_beside_a_label_are_a_nil() -> None:
    """Four dashes in a row of figures are a figure; a line of nothing but dashes is a rule."""
    assert "----" in words(TAGGED)


def test_a_rule_takes_no_height() -> None:
    """Rows that a rule separates are neighbours on the plane, and the rule lies between them."""
    (page,) = pages(TAGGED)
    tops = {w.text: w.top for w in page.words}
    assert tops["Total"] - tops["Inventories"] == 12.0
    assert any(rule.top == tops["Total"] for rule in page.rules)


def test_a_leader_that_runs_into_the_figure_is_cut_off() -> None:
    """``Revenue....1,234`` is a label and a figure; the place is that of the figure alone."""
    text = "Revenue..........1,234      5,678\nCost of sales....  900        800\nNet . . . . . . .  334      4,878\n"
    found = word(text, "1,234")
    assert found.place == TextPlace(line=1, start=17, end=22)
    assert "." not in words(text)


def test_a_leader_may_have_swallowed_the_decimal_point() -> None:
    """``.....50`` is 50 or .50: the second stays a rival."""
    text = "Basic earnings per share......50       .45\nDiluted earnings per share....48       .44\n"
    found = word(text, "50")
    assert [rival.text for rival in found.rivals] == [".50"]
    assert found.confidence < 1


def test_columns_that_drifted_into_each_other_are_parted() -> None:
    """A closing parenthesis and an opening sign never stand in one figure."""
    text = "Income (loss)        (1,200)$3,400    5,600\nOther                   (62)2,000    7,000\n"
    assert words(text) == ["Income", "(loss)", "(1,200)", "$3,400", "5,600", "Other", "(62)", "2,000", "7,000"]


def test_tabs_move_to_columns_and_places_count_characters() -> None:
    """With tabs the box follows the printed column and the place the character in the file."""
    text = "Cash and equivalents\t\t  1,200\t  900\nInventories\t\t\t  3,400\t1,100\nPlant\t\t\t\t     56\t  789\n"
    found = word(text, "3,400")
    assert found.place == TextPlace(line=2, start=16, end=21)
    assert found.left == 34 * CHARACTER_WIDTH


def test_each_tagged_table_is_a_page_with_its_caption() -> None:
    """A stretch ends where a table ends, so that the caption goes with the table below it."""
    found = pages(TAGGED + TAGGED.replace("BALANCE SHEET", "CASH FLOWS"))
    assert [page.words[2].text for page in found] == ["BALANCE", "CASH"]


SPLIT = """\
Cash                              1,200         900
Receivables                       2,300       2,200

                          7
<PAGE>

Inventories                       3,400       3,300
Total current assets              6,900       6,400
"""


def test_a_page_break_inside_a_table_does_not_cut_it() -> None:
    """The rows before and after are neighbours; the page number is a line of its own."""
    table, furniture = pages(SPLIT)
    tops = {w.text: w.top for w in table.words}
    assert tops["Inventories"] - tops["Receivables"] <= 12.0
    assert furniture.flow == (Line("7", TextPlace(line=4, start=0, end=27)),)


def test_a_page_break_between_tables_cuts() -> None:
    """A title after the break, or other columns, start a page."""
    titled = SPLIT.replace("<PAGE>\n", "<PAGE>\n                    STATEMENT OF INCOME\n")
    assert [page.words[0].text for page in pages(titled) if page.words] == ["Cash", "STATEMENT"]


def test_an_escaped_rule_is_one_rule() -> None:
    """``- ----`` is how mail programs escaped a row of dashes."""
    text = "- --------------------------------------------\nTotals          650,000.00     640,191.34\n" * 2
    found = pages(text)[0]
    assert [rule.left for rule in found.rules] == [0.0, 0.0]
    assert "-" not in words(text)


def test_a_total_far_below_is_still_in_its_table() -> None:
    """Blank lines part no rows whose figures stand in the same columns, and part a paragraph that follows."""
    text = (
        "Class A       1,200,000.00    15,000.00\nClass B         900,000.00    10,000.00\n"
        + "\n" * 8
        + "Totals        2,100,000.00    25,000.00\n\n\n\n\n\nSeller:   Acme Capital\n"
    )
    (page,) = pages(text)
    tops = {w.text: w.top for w in page.words}
    assert tops["Totals"] - tops["Class"] <= 24.0
    assert tops["Seller:"] - tops["Totals"] >= 48.0


def test_a_page_break_between_the_heads_of_a_table_does_not_cut_it() -> None:
    """A table that was opened and has no figures yet goes on below the page number."""
    text = TAGGED.replace("                                 --------    --------\n<S>", "\n\n  7\n<PAGE>\n\n<S>")
    (sheet,) = [page for page in pages(text) if any(word.text == "1998" for word in page.words)]
    assert "Total" in [word.text for word in sheet.words]


UNDER_RULES = """\
                                   1998        1997
                                 --------    --------
Money market

                           4
<PAGE>

  funds                          $  1,200    $    900
Inventories                        (3,400)         12
"""


def test_heads_at_the_foot_of_a_page_go_with_the_rows_of_the_next() -> None:
    """Rules under heads, half a label and a page break: the row behind it stands below the rules."""
    first = pages(UNDER_RULES)[0]
    assert {"1998", "Money", "funds", "Inventories"} <= {found.text for found in first.words}


def test_rules_under_a_total_end_a_page() -> None:
    """Rules below figures are the end of a table: what follows them on the next page is another one."""
    first = pages(UNDER_RULES.replace("  1998  ", "1,998   ").replace("  1997", "1,997"))[0]
    assert "Inventories" not in {found.text for found in first.words}


def test_figures_with_apostrophes_and_signs_go_on_over_a_page() -> None:
    """Swiss thousands and a leading minus stand in their columns as other figures do."""
    rows = ("Basic shares                 -7'836      7'524", "Diluted shares               -7'911      7'622")
    text = "\n\n            1\n<PAGE>\n\n".join(rows)
    assert {"-7'836", "-7'911"} <= {found.text for found in pages(text)[0].words}


def test_tags_of_a_financial_data_schedule_are_labels() -> None:
    """Exhibit 27: the tags name the rows, dates stand among the texts, the multiplier is the scale."""
    text = (
        "<TABLE> <S> <C>\n\n<ARTICLE> 5\n<LEGEND>\nTaken from the balance sheet.\n</LEGEND>\n"
        "<MULTIPLIER> 1,000\n<S>      <C>\n"
        "<PERIOD-TYPE>              9-MOS\n<PERIOD-END>                          SEP-30-1997\n"
        "<CASH>                                      4,112\n<PP&E>                                     21,114\n"
        "<ALLOWANCES>                                 (612)\n"
        "<EPS-PRIMARY>                                  .42\n</TABLE>\n"
    )
    (table,) = convert(text.encode()).tables
    assert [row.label for row in table.rows] == [
        "PERIOD-TYPE",
        "PERIOD-END",
        "CASH",
        "PP&E",
        "ALLOWANCES",
        "EPS-PRIMARY",
    ]
    assert [(f.value, f.scale) for f in table.figures] == [
        ("4112", 1000),
        ("21114", 1000),
        ("-612", 1000),
        ("0.42", 1),
    ]
    assert [text.text for text in table.texts] == ["9-MOS", "SEP-30-1997"]
