import os

import litserve

from scoring import Scoring


class Api(litserve.LitAPI):
    def setup(self, device):
        self.scoring = Scoring()

    def decode_request(self, request):
        return request["instances"]

    def predict(self, rows):
        return self.scoring.predict(rows)

    def encode_response(self, found):
        return {"predictions": found}


if __name__ == "__main__":
    litserve.LitServer(Api(), accelerator="cpu", workers_per_device=1).run(host="127.0.0.1", port=int(os.environ["PORT"]), generate_client_file=False, num_api_servers=1, log_level="warning")
