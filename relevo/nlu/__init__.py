"""Components of Rasa's pipeline: references, places, periods and the language of each message."""
