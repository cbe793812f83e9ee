"""Labels that were torn off come back from a table that prints the same figures, and from none other."""

from extractors.convert import convert
from schemas.filing import Duration, Filing, Table

WITNESS = """ACME CORP
Statements of Operations
(in thousands)

\tThree months ended\tThree months ended
\tMarch 31, 2021\tMarch 31, 2020
Revenue:\t\t
Licences\t31,842\t29,115
Support\t12,407\t11,386
Total revenue\t44,249\t40,501
Cost of sales\t19,733\t17,204
Gross profit\t24,516\t23,297
Research\t8,145\t7,950
Selling\t9,672\t9,418
Total expenses\t17,817\t17,368
Operating income\t6,699\t5,929
"""
TORN = """# ACME CORP

## **Statements of Operations** (in thousands)

\t\\$\t35,118\t\\$\t31,842
\t\t13,004\t\t12,407
\t\t48,122\t\t44,249
\t\t20,990\t\t19,733
\t\t27,132\t\t24,516
\t\t8,333\t\t8,145
\t\t9,802\t\t9,672
\t\t18,135\t\t17,817
\t\t8,997\t\t6,699

### Unaudited
"""
MISREAD = "\n### Per share\n\nLoss\t\\$\t(002)\t\\$\t(0.04)\nDividends\t\t0.10\t\t0.09\nBook value\t\t7.20\t\t6.19\n"
TORN += MISREAD
APART = """# ACME CORP

## **Balance Sheets** (in thousands)

### Unaudited

\t\tMarch 31, 2021\t\tMarch 31, 2020
Cash\t\\$\t5,217\t\\$\t4,806
Plant\t\t21,350\t\t20,944
Total assets\t\t26,567\t\t25,750

612

9,530

4,417

640 10,211

4,302

Shares Surplus

Deficit

Equity\t\t15,153\t\t14,559
"""
APART += MISREAD
SHEETS = """ACME CORP
Balance Sheets
(in thousands)

\tMarch 31, 2020\tMarch 31, 2019
Cash\t4,806\t4,411
Plant\t20,944\t19,873
Total assets\t25,750\t24,284
Surplus\t612\t588
Deficit\t9,530\t9,216
Shares\t4,417\t4,350
Equity\t14,559\t14,154
"""


def filing(text: str, *witnesses: str) -> Filing:
    """The result of a text, with the results of others as witnesses."""
    return convert(text.encode(), [convert(witness.encode()) for witness in witnesses])


def table(text: str, *witnesses: str) -> Table:
    """The table of a text with the most figures."""
    return max(filing(text, *witnesses).tables, key=lambda found: len(found.figures))


def labels(found: Table) -> list[str]:
    """The labels of the rows with figures."""
    rows = {figure.row for figure in found.figures}
    return [row.label for row in found.rows if row.index in rows]


def test_a_witness_with_the_same_column_gives_back_all_labels() -> None:
    """A column that agrees figure by figure names the rows, with their sections."""
    found = table(TORN, WITNESS)
    assert labels(found) == [
        "Licences",
        "Support",
        "Total revenue",
        "Cost of sales",
        "Gross profit",
        "Research",
        "Selling",
        "Total expenses",
        "Operating income",
    ]
    assert found.rows[0].label.startswith("Revenue")
    assert found.rows[1].path == (found.rows[0].label,)


def test_the_column_that_agrees_takes_its_heads_and_no_other_does() -> None:
    """The same figures are those of the same period; of the other column nothing is known."""
    first, second = table(TORN, WITNESS).columns
    assert first.period is None
    assert isinstance(second.period, Duration)
    assert str(second.period.end) == "2021-03-31"


def test_borrowed_labels_are_told() -> None:
    """A finding says whose labels they are, and which rows of the result have them."""
    result = filing(TORN, WITNESS)
    [found] = [finding for finding in result.findings if finding.code == "labels_borrowed"]
    named = {row.label: row.index for row in result.tables[0].rows}
    rows = f"{named['Licences']}-{named['Operating income']}"
    assert f"table t1 were torn off in rows {rows} of this result" in found.message


def test_without_a_table_that_agrees_labels_stay_off() -> None:
    """Nothing is guessed from other figures, however many rows they have."""
    heads, _, rows = WITNESS.partition("2020")
    other = "".join(str((int(mark) + 3) % 10) if mark.isdigit() else mark for mark in rows)
    assert set(labels(table(TORN, f"{heads}2020{other}"))) == {""}
    assert set(labels(table(TORN))) == {""}


def test_a_row_that_does_not_agree_gets_no_label() -> None:
    """A figure that the witness prints otherwise leaves its row unnamed, the others named."""
    found = table(TORN.replace("8,145", "8,146"), WITNESS)
    assert labels(found)[5] == ""
    assert labels(found)[6] == "Selling"


def test_labels_set_apart_are_replaced_by_those_that_are_proved() -> None:
    """Labels printed in a block of their own, in another order, go to the rows that a witness names so."""
    found = table(APART, SHEETS)
    assert labels(found)[3:6] == ["Surplus", "Deficit", "Shares"]
    assert [row.label for row in found.rows].count("Deficit") == 1


def test_lone_rows_without_labels_keep_none() -> None:
    """A total without a label was published so."""
    whole = WITNESS.replace("Total expenses\t", "\t")
    assert "" in labels(table(whole, WITNESS))


def test_in_a_clean_document_a_row_without_a_label_has_none() -> None:
    """Equal figures lend no labels where nothing is misread: the publisher left them off."""
    assert set(labels(table(TORN.removesuffix(MISREAD), WITNESS))) == {""}


def test_rows_that_are_called_otherwise_lend_no_labels() -> None:
    """Where the labels that are left contradict, equal figures are of another thing."""
    rows = TORN.replace("\t\t13,004", "Freight by rail\t\t13,004").replace("\t\t8,997", "Sales of coal\t\t8,997")
    assert "Research" not in labels(table(rows, WITNESS))


def test_the_order_of_the_witnesses_changes_nothing() -> None:
    """Of two witnesses that agree alike the same one is believed, whichever is named first."""
    other = WITNESS.replace("March 31, 2021", "June 30, 2019")
    assert table(TORN, WITNESS, other).columns == table(TORN, other, WITNESS).columns
