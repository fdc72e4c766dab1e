def main(given):
    return {"holds": True}
