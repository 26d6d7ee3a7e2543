"""Options of the form NAME=VALUE."""

from typing import Any

import click


class Pairs(click.ParamType[tuple[str, str]]):
    """`--map sku=StockCode`: the part before and the part after the first `=`."""

    name = "NAME=VALUE"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        name, found, content = str(value).partition("=")
        if not (found and name and content):
            self.fail(f"{value!r} is not of the form NAME=VALUE", param, ctx)
        return name, content
