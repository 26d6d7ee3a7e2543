from store.chaos.containers.connections import Connection, opened

# As the kernel writes it: 10.0.0.7 = 0700000A, 10.0.0.9 = 0900000A, 127.0.0.11 = 0B00007F.
TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000 10001 0 1 1 0
   1: 0700000A:1F40 0900000A:C350 01 00000000:00000000 00:00000000 00000000 10001 0 1 1 0
   2: 0700000A:C351 0900000A:1538 06 00000000:00000000 00:00000000 00000000 10001 0 1 1 0
   3: 0B00007F:8F2D 0B00007F:9C41 01 00000000:00000000 00:00000000 00000000 0 0 1 1 0
"""
TABLE_OF_V6 = """\
  sl  local_address                         remote_address                        st tx_queue
   0: 0000000000000000FFFF00000700000A:C352 0000000000000000FFFF00000900000A:1B58 02 00000000:00000000
   1: 0000000000000000FFFF00000700000A:2328 0000000000000000FFFF00000100000A:C353 06 00000000:00000000
"""
PORTS = (8000, 9000)


def test_what_a_pod_has_opened_is_told_from_what_came_in() -> None:
    assert [*opened(TABLE, PORTS)] == [Connection("10.0.0.9", 5432)]


def test_an_address_of_version_4_may_be_wrapped() -> None:
    assert [*opened(TABLE_OF_V6, PORTS)] == [Connection("10.0.0.9", 7000)]
