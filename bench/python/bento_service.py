import bentoml

from scoring import Scoring


@bentoml.service(workers=1)
class Service:
    def __init__(self):
        self.scoring = Scoring()

    @bentoml.api
    def predict(self, instances: list[list[float]]) -> list[dict]:
        return self.scoring.predict(instances)
