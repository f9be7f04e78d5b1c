"""Print the customer minutes lost in an outage, from a CSV file of areas."""

import csv
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path


def minutes(row: dict[str, str]) -> int:
    lost, restored = datetime.fromisoformat(row["lost_at"]), datetime.fromisoformat(row["restored_at"])
    if lost.tzinfo is None or restored.tzinfo is None:
        raise ValueError("times need an offset, such as +00:00")
    if restored <= lost:
        raise ValueError("supply was restored before it was lost")
    return round((restored - lost).total_seconds() / 60)


def report(path: Path) -> Iterator[str]:
    total = affected = 0
    with path.open(newline="", encoding="utf-8") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            try:
                customers, lasted = int(row["customers"]), minutes(row)
            except (KeyError, ValueError) as error:
                sys.exit(f"{path}, line {number}: {error}")
            yield f"{row['area']}: {lasted} minutes, {customers * lasted:,} customer minutes lost"
            total, affected = total + customers * lasted, affected + customers
    yield f"Total: {total:,} customer minutes lost, {total / max(affected, 1):.0f} minutes for each customer"


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in report(Path(sys.argv[1])))
