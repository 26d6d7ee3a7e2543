"""The category tree over HTTP."""

from typing import Any

import pytest
from flask.testing import FlaskClient

Headers = dict[str, str]


class Tree:
    """Categories by path, with what staff may do to them."""

    def __init__(self, client: FlaskClient, staff: Headers) -> None:
        self.client = client
        self.staff = staff

    def grow(self, path: str) -> Any:
        """Create the category at this path."""
        parent, _, slug = path.rpartition("/")
        wanted = {"slug": slug, "name": slug.title(), "parent": parent or None}
        return self.client.post("/v1/categories", json=wanted, headers=self.staff)

    def change(self, path: str, **changes: object) -> Any:
        """Change the category at this path."""
        address, guard = self._guarded(path)
        return self.client.patch(address, json=changes, headers=guard)

    def cut(self, path: str) -> Any:
        """Delete the category at this path."""
        address, guard = self._guarded(path)
        return self.client.delete(address, headers=guard)

    def paths(self) -> list[str]:
        """All of them."""
        page = self.client.get("/v1/categories").get_json()
        return [item["path"] for item in page["items"]]

    def _guarded(self, path: str) -> tuple[str, Headers]:
        page = self.client.get("/v1/categories").get_json()
        (found,) = [item for item in page["items"] if item["path"] == path]
        address = f"/v1/categories/{found['id']}"
        tag = self.client.get(address, headers=self.staff).headers["ETag"]
        return address, {**self.staff, "If-Match": tag}


@pytest.fixture
def tree(client: FlaskClient, staff: Headers) -> Tree:
    """kitchen, kitchen/mugs, kitchen/mugs/large, garden."""
    tree = Tree(client, staff)
    for path in ("kitchen", "kitchen/mugs", "kitchen/mugs/large", "garden"):
        assert tree.grow(path).status_code == 201
    return tree


def test_a_category_knows_where_it_is(client: FlaskClient, tree: Tree) -> None:
    found = client.get("/v1/categories?limit=3").get_json()
    assert [(item["path"], item["parent"]) for item in found["items"]] == [
        ("garden", None),
        ("kitchen", None),
        ("kitchen/mugs", "kitchen"),
    ]
    rest = client.get(f"/v1/categories?limit=3&cursor={found['next_cursor']}").get_json()
    assert [item["path"] for item in rest["items"]] == ["kitchen/mugs/large"]
    assert rest["next_cursor"] is None


def test_a_moved_category_takes_all_below_it_along(tree: Tree) -> None:
    assert tree.change("kitchen/mugs", parent="garden", slug="cups").status_code == 200
    assert tree.paths() == ["garden", "garden/cups", "garden/cups/large", "kitchen"]
    assert tree.change("garden/cups", parent=None).get_json()["path"] == "cups"
    assert tree.paths() == ["cups", "cups/large", "garden", "kitchen"]


@pytest.mark.parametrize("path", ["kitchen/mugs/large", "kitchen/mugs", "kitchen"])
def test_a_category_cannot_be_below_itself(tree: Tree, path: str) -> None:
    refused = tree.change("kitchen", parent=path)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "category_below_itself")


def test_a_place_is_taken_once(tree: Tree) -> None:
    assert tree.grow("kitchen/mugs").get_json()["code"] == "category_exists"
    assert tree.change("garden", slug="kitchen").get_json()["code"] == "category_exists"
    assert tree.grow("garden/mugs").status_code == 201


def test_only_an_empty_category_is_deleted(client: FlaskClient, staff: Headers, tree: Tree) -> None:
    wanted = {"title": "Mug", "category": "kitchen/mugs/large"}
    client.post("/v1/products", json=wanted, headers=staff)
    for path in ("kitchen", "kitchen/mugs/large"):
        assert tree.cut(path).get_json()["code"] == "category_in_use"
    assert tree.cut("garden").status_code == 204
    assert "garden" not in tree.paths()


def test_a_change_needs_the_version_it_is_meant_for(
    client: FlaskClient, staff: Headers, tree: Tree
) -> None:
    address, guard = tree._guarded("garden")
    assert client.patch(address, json={"name": "Plants"}, headers=staff).status_code == 428
    assert client.patch(address, json={"name": "Plants"}, headers=guard).status_code == 200
    assert client.patch(address, json={"name": "Plants"}, headers=guard).status_code == 412


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"slug": "Mugs"}, "slug"),
        ({"slug": "a/b"}, "slug"),
        ({"slug": "a\n"}, "slug"),
        ({"slug": ""}, "slug"),
        ({"name": ""}, "name"),
        ({"parent": "Kitchen"}, "parent"),
        ({"path": "kitchen"}, "path"),
    ],
)
def test_nonsense_is_refused_by_field(
    client: FlaskClient, staff: Headers, changes: dict[str, object], field: str
) -> None:
    wanted = {"slug": "mugs", "name": "Mugs", **changes}
    refused = client.post("/v1/categories", json=wanted, headers=staff)
    assert refused.status_code == 422
    assert {error["field"] for error in refused.get_json()["errors"]} == {field}


def test_an_unknown_parent_is_refused(tree: Tree) -> None:
    assert tree.grow("attic/boxes").get_json()["code"] == "unknown_category"


def test_a_path_may_be_only_so_long(tree: Tree) -> None:
    path = "garden"
    answer = tree.grow(path)
    while answer.status_code in (201, 409) and len(path) < 500:
        path = f"{path}/{'x' * 60}"
        answer = tree.grow(path)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid")
