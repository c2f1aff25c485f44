"""What a process counts about its work, for Prometheus: bounded sets of labels, no ids, no words of anybody."""
