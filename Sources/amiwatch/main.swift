print("amiwatch")
