from mlserver import MLModel
from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.types import InferenceResponse

from scoring import Scoring


class Runtime(MLModel):
    async def load(self):
        self.scoring = Scoring()
        return True

    async def predict(self, payload):
        found = self.scoring.predict(NumpyCodec.decode_input(payload.inputs[0]))
        import numpy as np
        return InferenceResponse(model_name=self.name, outputs=[StringCodec.encode_output("band", [f["band"] for f in found]), NumpyCodec.encode_output("score", np.array([f["score"] for f in found]))])
