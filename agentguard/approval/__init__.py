"""What a person is shown and asked, what they sign, and whose terminal may answer."""
