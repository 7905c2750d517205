"""What was done: the model under test, run over the cases, journalled and resumable."""
