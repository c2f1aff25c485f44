-- By when the demo company's shop promised to deliver; orders that are there already have no such day.

ALTER TABLE aurora_orders ADD COLUMN promised_on date;
