"""What the project claims about speed, measured beside its peers: python -m tests.benchmarks"""
