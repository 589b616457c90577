"""The table that every emulator gets, its rows, and what a query over the first of them must give."""

COLUMNS = [("id", "INTEGER"), ("name", "STRING"), ("quantity", "INTEGER"), ("weight", "FLOAT"), ("paid", "BOOLEAN")]


def row(number):
    return {"id": number, "name": f"customer-{number % 5000}", "quantity": number % 97, "weight": number % 80 / 2, "paid": number % 3 == 0}


def checksum_query(table):
    return (f"SELECT COUNT(*), SUM(id), SUM(LENGTH(name)), SUM(quantity), CAST(SUM(weight * 2) AS INT64), COUNTIF(paid), COUNT(DISTINCT id) "
            f"FROM {table}")


def checksum(rows):
    listed = [row(number) for number in range(rows)]
    return [rows, sum(each["id"] for each in listed), sum(len(each["name"]) for each in listed), sum(each["quantity"] for each in listed),
            int(sum(each["weight"] * 2 for each in listed)), sum(each["paid"] for each in listed), rows]
