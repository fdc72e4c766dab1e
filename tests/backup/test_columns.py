"""What an archive says of a table, as versions of before wrote it."""

import msgspec

from tocsin.backup.postgres_copy import Table


def test_a_table_of_an_older_backup_is_read() -> None:
    told = b'{"name": "order_head", "walled": true, "columns": ["merchant_id", "id"]}'
    assert msgspec.json.decode(told, type=Table).columns == ("merchant_id", "id")
