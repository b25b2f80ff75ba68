"""What a tokenizer is trained on, be it pictures or sounds: how a batch is drawn, what the loss is, how good a copy is."""
