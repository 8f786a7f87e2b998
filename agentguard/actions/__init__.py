"""Operations without a user interface, such as answering a request: the command line and the view call these."""
