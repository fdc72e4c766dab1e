"""What drivers of sirens share: the lines that they speak over, and the devices at their ends."""
