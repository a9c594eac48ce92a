"""PyTorch fixtures: whole modules, TorchScript (traced and scripted) and torch.export archives, with what the models gave.

usage: torch_models.py OUT_DIR [NAME ...]    (torch 2.15.0 made those in corpus/cases)
Debug tables of TorchScript archives, which are larger than the models, are left out of the files.
"""
import inspect, json, os, sys, zipfile

import torch, torch.nn as nn, torch.nn.functional as F

torch.manual_seed(3); torch.set_grad_enabled(False)
OUT=sys.argv[1]
def warm(m):
    for x in m.modules():
        if isinstance(x,(nn.BatchNorm1d,nn.BatchNorm2d,nn.BatchNorm3d)):
            x.running_mean.normal_(); x.running_var.uniform_(.5,2); x.weight.uniform_(.5,2); x.bias.normal_()
        if isinstance(x,(nn.LayerNorm,nn.GroupNorm)): x.weight.uniform_(.5,2); x.bias.normal_()
    return m.eval()
class CNN(nn.Module):
    def __init__(s):
        super().__init__()
        s.c1=nn.Conv2d(1,4,3,padding=1); s.b=nn.BatchNorm2d(4); s.c2=nn.Conv2d(4,8,3,stride=2); s.p=nn.MaxPool2d(2); s.a=nn.AdaptiveAvgPool2d(1); s.f=nn.Linear(8,3); s.d=nn.Dropout(0.2)
    def forward(s,x):
        x=s.p(F.relu(s.b(s.c1(x)),inplace=True)); x=F.gelu(s.c2(x)); x=s.a(x); x=x.view(x.size(0),-1); return s.f(s.d(x))
class Res(nn.Module):
    def __init__(s):
        super().__init__(); s.c=nn.Conv1d(3,6,3,padding='same'); s.g=nn.GroupNorm(2,6); s.s=nn.Conv1d(3,6,1); s.t=nn.ConvTranspose1d(6,2,4,stride=2,padding=1)
    def forward(s,x):
        y=F.silu(s.g(s.c(x))); y+=s.s(x); y=F.avg_pool1d(y,2); z=s.t(y); a,b=z.chunk(2,1); return torch.softmax(torch.cat([a.squeeze(1),b.squeeze(1)*2-1],1),-1)
class Tr(nn.Module):
    def __init__(s):
        super().__init__(); s.e=nn.Embedding(20,8); s.p=nn.Parameter(torch.randn(1,5,8)); s.t=nn.TransformerEncoder(nn.TransformerEncoderLayer(8,2,16,batch_first=True,dropout=0.1),2,enable_nested_tensor=False); s.f=nn.Linear(8,2)
    def forward(s,x): return s.f(s.t(s.e(x)+s.p).mean(dim=1))
class Att(nn.Module):
    def __init__(s):
        super().__init__(); s.q=nn.Linear(8,24); s.n=nn.LayerNorm(8); s.o=nn.Linear(8,8); s.register_buffer('scale',torch.tensor(0.5))
    def forward(s,x):
        B,T,C=x.shape; q,k,v=s.q(x).split(C,dim=2)
        q=q.view(B,T,2,4).transpose(1,2); k=k.view(B,T,2,4).transpose(1,2); v=v.view(B,T,2,4).transpose(1,2)
        y=F.scaled_dot_product_attention(q,k,v,is_causal=True); y=y.transpose(1,2).contiguous().view(B,T,C)
        return s.n(x+s.o(y)*s.scale)[:,-1]
class MHA(nn.Module):
    def __init__(s):
        super().__init__(); s.m=nn.MultiheadAttention(8,2,batch_first=True); s.n=nn.LayerNorm(8)
    def forward(s,x):
        a,_=s.m(x,x,x,need_weights=False); return s.n(x+a)
class Two(nn.Module):
    def __init__(s): super().__init__(); s.a=nn.Linear(3,4); s.b=nn.Linear(2,4)
    def forward(s,left,right):
        h=torch.tanh(s.a(left)*torch.sigmoid(s.b(right))); return h.sum(-1,keepdim=True), h.max(dim=1)[0], torch.where(h>0,h,torch.zeros_like(h)).clamp(max=0.5)
class Ctl(nn.Module):
    def __init__(s): super().__init__(); s.l=nn.Linear(4,4); s.k: int=3
    def forward(s,x):
        for i in range(s.k): x=F.relu(s.l(x))
        if x.dim()==2: x=x/(x.pow(2).sum(dim=1,keepdim=True).sqrt()+1e-6)
        return x
class Wide(nn.Module):
    def __init__(s): super().__init__(); s.e=nn.Embedding(10,3); s.l=nn.Linear(5,1)
    def forward(s,cat,num): return torch.sigmoid(s.l(torch.cat([s.e(cat).flatten(1)[:, :3],num],dim=1)).squeeze(-1))
mlp=lambda: nn.Sequential(nn.Linear(6,8),nn.BatchNorm1d(8),nn.LeakyReLU(.2),nn.Dropout(.3),nn.Linear(8,8),nn.Hardswish(),nn.LayerNorm(8),nn.Linear(8,3),nn.Softmax(dim=1))
cnn=lambda: nn.Sequential(nn.Conv2d(3,4,3,padding=1,padding_mode='reflect'),nn.BatchNorm2d(4),nn.ReLU(inplace=True),nn.MaxPool2d(2),nn.Sequential(nn.Conv2d(4,4,3,groups=2),nn.PReLU(4)),nn.AdaptiveAvgPool2d((1,1)),nn.Flatten(),nn.Linear(4,2),nn.LogSoftmax(1))
enc=lambda: nn.Sequential(nn.Embedding(12,8),nn.TransformerEncoder(nn.TransformerEncoderLayer(8,2,16,batch_first=True,norm_first=True,activation='gelu'),2,enable_nested_tensor=False),nn.LayerNorm(8))
f=lambda *s: torch.randn(*s)
ids=lambda n,*s: torch.randint(0,n,s)
class Rec(nn.Module):
    def __init__(s): super().__init__(); s.e=nn.Embedding(12,4); s.l=nn.LSTM(4,5,num_layers=2,bidirectional=True,batch_first=True,proj_size=3); s.g=nn.GRU(6,4,batch_first=True); s.f=nn.Linear(4,2)
    def forward(s,x): y,_=s.l(s.e(x)); y,h=s.g(y); return s.f(h[-1])
class Unet(nn.Module):
    def __init__(s): super().__init__(); s.d=nn.Conv2d(1,4,3,padding=1,padding_mode='circular'); s.p=nn.AvgPool2d(3,2,1,ceil_mode=True); s.u=nn.Upsample(scale_factor=2,mode='bilinear'); s.t=nn.ConvTranspose2d(4,2,3,stride=2,padding=1,output_padding=1,groups=2); s.n=nn.InstanceNorm2d(2,affine=True)
    def forward(s,x): y=F.mish(s.d(x)); y=s.u(s.p(y)); return F.adaptive_avg_pool2d(s.n(s.t(y)),(5,3))
class Gpt(nn.Module):
    def __init__(s): super().__init__(); s.e=nn.Embedding(11,8); s.p=nn.Embedding(6,8); s.a=nn.Linear(8,24); s.n=nn.LayerNorm(8); s.o=nn.Linear(8,11); s.register_buffer('mask',torch.tril(torch.ones(6,6)).view(1,1,6,6))
    def forward(s,x):
        B,T=x.size(); h=s.e(x)+s.p(torch.arange(0,T,dtype=torch.long)); q,k,v=s.a(s.n(h)).split(8,dim=2)
        q,k,v=[t.view(B,T,2,4).transpose(1,2) for t in (q,k,v)]; w=(q@k.transpose(-2,-1))*0.5; w=w.masked_fill(s.mask[:,:,:T,:T]==0,float('-inf')).softmax(-1)
        return s.o(h+(w@v).transpose(1,2).contiguous().view(B,T,8))[:,[-1],:]
class Edit(nn.Module):
    def forward(s,x):
        o=torch.zeros(x.size(0),3,4); o[:,0]=x; o[:,1:]+=x.unsqueeze(1)*2; o[:,2,::2]=-1.; v,i=x.topk(2,1); return {'edited':o,'gathered':x.gather(1,i.flip(1)),'rank':x.argsort(1)}
class Any(nn.Module):
    def forward(s, x, y):
        return torch.tanh(x * 2.0 + y.clamp(min=0)).abs()
CASES={
 'any-rank-script':(Any,[f(6,2,3),f(6,2,3)],'script'),
 'recurrent-trace':(Rec,[ids(12,6,5)],'trace'),'recurrent-export':(Rec,[ids(12,6,5)],'export'),'recurrent-script':(Rec,[ids(12,6,5)],'script'),
 'unet-trace':(Unet,[f(6,1,8,8)],'trace'),'unet-export':(Unet,[f(6,1,8,8)],'export'),'gpt-trace':(Gpt,[ids(11,6,5)],'trace'),'gpt-export':(Gpt,[ids(11,6,5)],'export'),
 'edit-export':(Edit,[f(6,4)],'export'),'lstm-whole':(lambda: nn.LSTM(3,4,batch_first=True,bidirectional=True),[f(6,5,3)],'whole'),
 'mlp-whole':(mlp,[f(6,6)],'whole'),'cnn-whole':(cnn,[f(6,3,8,8)],'whole'),'encoder-whole':(enc,[ids(12,6,5)],'whole'),
 'mlp-trace':(mlp,[f(6,6)],'trace'),'mlp-script':(mlp,[f(6,6)],'script'),
 'cnn-trace':(CNN,[f(6,1,16,16)],'trace'),'cnn-script':(CNN,[f(6,1,16,16)],'script'),
 'res-trace':(Res,[f(6,3,8)],'trace'),'res-script':(Res,[f(6,3,8)],'script'),
 'transformer-trace':(Tr,[ids(20,6,5)],'trace'),'attention-trace':(Att,[f(6,5,8)],'trace'),'mha-trace':(MHA,[f(6,5,8)],'trace'),
 'two-trace':(Two,[f(6,3),f(6,2)],'trace'),'control-script':(Ctl,[f(6,4)],'script'),'wide-trace':(Wide,[ids(10,6,1),f(6,2)],'trace'),
 'mlp-export':(mlp,[f(6,6)],'export'),'cnn-export':(CNN,[f(6,1,16,16)],'export'),'transformer-export':(Tr,[ids(20,6,5)],'export'),'attention-export':(Att,[f(6,5,8)],'export'),'two-export':(Two,[f(6,3),f(6,2)],'export'),'res-export':(Res,[f(6,3,8)],'export'),'mha-export':(MHA,[f(6,5,8)],'export'),'wide-export':(Wide,[ids(10,6,1),f(6,2)],'export'),
}
DT={torch.float32:'FP32',torch.int64:'INT64'}
def strip(path):
    """The archive without its debug tables and sample inputs."""
    with zipfile.ZipFile(path) as z:
        entries = [(i, z.read(i)) for i in z.namelist() if not i.endswith(".debug_pkl") and "sample_inputs" not in i]
    with zipfile.ZipFile(path, "w") as z:
        for name, content in entries:
            if name.endswith("models/model.json"):
                program = json.loads(content)
                for node in program["graph_module"]["graph"]["nodes"]:
                    node["metadata"] = {}
                content = json.dumps(program).encode()
            z.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED if name.endswith(".json") else zipfile.ZIP_STORED)

def refusal(name, code, save):
    d = os.path.join(OUT, "torch-" + name)
    os.makedirs(d, exist_ok=True)
    save(d + "/model.pt")
    strip(d + "/model.pt")
    json.dump({"name": "torch-" + name, "family": "torch", "expect": "refuse", "environment": "torch " + torch.__version__.split("+")[0], "model_file": "model.pt", "refusal": {"slipway_code": code}}, open(d + "/case.json", "w"), indent=1)

class Branch(nn.Module):
    def forward(s, x):
        if bool(x.sum() > 0): return x
        return -x
REFUSED = {
 "custom-whole": ("torch-custom-module", lambda p: torch.save(warm(CNN()), p)),
 "training-whole": ("torch-training", lambda p: torch.save(mlp(), p)),
 "training-script": ("torch-training", lambda p: torch.jit.script(CNN()).save(p)),
 "checkpoint": ("torch-weights-only", lambda p: torch.save({"epoch": 3, "model": mlp().state_dict()}, p)),
 "branch-script": ("torch-control-flow", lambda p: torch.jit.script(Branch()).save(p)),
 "half-whole": ("torch-operator", lambda p: torch.save(warm(mlp()).half(), p)),
}
for name, (code, save) in REFUSED.items():
    if len(sys.argv) > 2 and name not in sys.argv[2:]: continue
    refusal(name, code, save)
for name,(make,xs,how) in CASES.items():
    if len(sys.argv)>2 and name not in sys.argv[2:]: continue
    d=os.path.join(OUT,'torch-'+name); os.makedirs(d,exist_ok=True)
    m=warm(make()); p=[x for x in inspect.signature(m.forward).parameters]
    try:
        if how=='whole': torch.save(m,d+'/model.pt'); file='model.pt'
        elif how=='trace': torch.jit.trace(m,tuple(x[:2] for x in xs),check_trace=False).save(d+'/model.pt'); file='model.pt'
        elif how=='script': torch.jit.script(m).save(d+'/model.pt'); file='model.pt'
        else:
            b=torch.export.Dim('batch'); file='model.pt2'
            torch.export.save(torch.export.export(m,tuple(x[:2] for x in xs),dynamic_shapes=tuple({0:b} for _ in xs)),d+'/model.pt2')
    except Exception as e: print(name,'CANNOT',type(e).__name__,str(e)[:200]); continue
    strip(d+'/'+file)
    y=m(*xs); keys=list(y) if isinstance(y,dict) else None; y=[y] if torch.is_tensor(y) else list(y.values()) if keys else [v for p in y for v in ([p] if torch.is_tensor(p) else p)]
    names=['input'] if (len(xs)==1 and how!='export') else p[:len(xs)]
    onames=keys if keys else ['output'] if len(y)==1 else ['output_%d'%i for i in range(len(y))]
    t=lambda n,x: {'name':n,'datatype':DT[x.dtype],'shape':list(x.shape),'data':x.flatten().tolist()}
    json.dump({'format':'tensors','n':6,'tensors':[t(n,x) for n,x in zip(names,xs)]},open(d+'/inputs.json','w'))
    json.dump({'n':6,'required':onames,'outputs':{n:{'kind':'value','datatype':DT[v.dtype],'shape':list(v.shape),'data':v.flatten().tolist()} for n,v in zip(onames,y)}},open(d+'/expected.json','w'))
    json.dump({'name':'torch-'+name,'family':'torch','expect':'import','environment':'torch '+torch.__version__.split('+')[0],'model_file':file,'input':{'format':'tensors','tensors':[{'name':n,'datatype':DT[x.dtype],'shape':['N',*x.shape[1:]]} for n,x in zip(names,xs)]},'tolerance':{'rtol':1e-4,'atol':1e-5}},open(d+'/case.json','w'),indent=1)
