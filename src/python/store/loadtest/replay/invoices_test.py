import csv
import gzip
from pathlib import Path

import pytest

from store.loadtest.replay.invoices import BadFile, Columns, Invoices, group, read_invoices

COLUMNS = Columns("InvoiceNo", "InvoiceDate", "CustomerID", "StockCode", "Quantity")
HEADER = "InvoiceNo,StockCode,Quantity,InvoiceDate,CustomerID\n"


def grouped(text: str) -> Invoices:
    return group(csv.DictReader((HEADER + text).splitlines()), COLUMNS)


def test_lines_of_one_order_are_one_basket_even_when_others_stand_between() -> None:
    found = grouped("1,MUG,2,2010,7\n2,CUP,1,2010,8\n1,CUP,3,2010,7\n")
    assert [dict(basket.lines) for basket in found.baskets] == [{"MUG": 2, "CUP": 3}, {"CUP": 1}]


def test_the_same_sku_twice_is_one_line() -> None:
    (basket,) = grouped("1,MUG,2,2010,7\n1,MUG,3,2010,7\n").baskets
    assert dict(basket.lines) == {"MUG": 5}


def test_orders_come_in_the_order_of_their_times() -> None:
    found = grouped("1,MUG,2,2010-12-02,7\n2,CUP,1,2010-12-01,8\n")
    assert [basket.order for basket in found.baskets] == ["2", "1"]


def test_what_cannot_be_ordered_is_left_out_and_counted() -> None:
    found = grouped(
        "C1,MUG,-2,2010,7\nC2,MUG,2,2010,7\n2,MUG,0,2010,7\n3,MUG,many,2010,7\n3,CUP,1,2010,7\n4,MUG,1,2010,\n"
    )
    assert [basket.order for basket in found.baskets] == ["3"]
    assert found.skipped_orders == {
        "a cancellation": 2,
        "nothing left to order": 1,
        "no customer": 1,
    }
    assert found.skipped_lines == {
        "quantity is not positive": 2,
        "quantity is not a whole number": 1,
    }


def test_an_order_of_more_lines_than_the_store_takes_is_left_out() -> None:
    found = grouped("".join(f"1,SKU{number},1,2010,7\n" for number in range(101)))
    assert (found.baskets, found.skipped_orders) == ([], {"more than 100 lines": 1})


def test_a_customer_number_that_became_a_float_is_a_number_again() -> None:
    assert grouped("1,MUG,2,2010,17850.0\n").baskets[0].customer == "17850"


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_file_is_read_packed_or_not(tmp_path: Path, pack: type[bytes]) -> None:
    file = tmp_path / "invoices"
    file.write_bytes(pack(b"\xef\xbb\xbf" + (HEADER + "1,MUG,2,2010,7\n").encode()))
    assert [basket.order for basket in read_invoices(file, COLUMNS).baskets] == ["1"]


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    file = tmp_path / "invoices"
    file.write_text(HEADER + "1,MUG,2,2010,7\n")
    with pytest.raises(BadFile, match="no column 'order'; map one with --map"):
        read_invoices(file, Columns())


def test_a_torn_gzip_is_one_clear_message(tmp_path: Path) -> None:
    file = tmp_path / "invoices"
    file.write_bytes(gzip.compress((HEADER + "1,MUG,2,2010,7\n" * 999).encode())[:60])
    with pytest.raises(BadFile, match="cannot be replayed"):
        read_invoices(file, COLUMNS)


def test_mapping_a_column_we_do_not_have_is_refused() -> None:
    with pytest.raises(BadFile, match="no column price, only order, time, customer, sku, quantity"):
        Columns.of({"price": "UnitPrice"})
