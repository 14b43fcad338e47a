"""Thirty and more pipelines that cannot run, and exactly what is said of each; test_load.py tries them."""

from keepframe import capture

STAGES = """
def shift(frame, *, by: int, words: list[str] = []):
    return frame

def stereo(left, right, *, within_ms: int = 40):
    return left

def bare(*frames):
    return frames[0]

class Window:
    holds = 5
    def __call__(self, frame):
        return frame

number = 7
"""

SOURCES = ", ".join(capture.__all__)
CHAIN = """
[stages.preprocess]
inputs = ["capture"]
[stages.score]
inputs = ["preprocess"]
[stages.archive]
inputs = ["score"]
"""
ALL_WRITTEN = "once a stage names inputs, only the stages that are written exist"

BROKEN = {
    "no camera": (
        "[cameras]",
        ["cameras: expected at least one table [cameras.NAME], got none"],
    ),
    "cameras is no table": (
        "cameras = 3",
        ["cameras: expected tables [cameras.NAME], got int 3"],
    ),
    "camera is no table": (
        '[cameras]\nsource = "video"',
        ["cameras.source: expected a table [cameras.NAME], got str 'video'"],
    ),
    "camera with a bad name": (
        '[cameras."front door"]\nsource = "synthetic"',
        [
            'cameras."front door": expected a name of 1 to 64 letters, digits, - and _, '
            "beginning with a letter or digit"
        ],
    ),
    "unknown table": (
        "[camera.lobby]\n[stage.score]",
        ["camera: unknown key; did you mean 'cameras'?", "stage: unknown key; did you mean 'stages'?"],
    ),
    "no source": (
        '[cameras.a]\npath = "x.mp4"',
        [f"cameras.a.source: missing; expected one of {SOURCES}, or 'module:attribute'"],
    ),
    "unknown source": (
        '[cameras.a]\nsource = "vidoe"',
        [
            "cameras.a.source: nothing is named 'vidoe'; did you mean 'video'? (your own: \"module:attribute\")"
        ],
    ),
    "a source that is no string": (
        "[cameras.a]\nsource = 0",
        [
            'cameras.a.source: 0 says where, not what reads it; write source = "webcam" and device = "/dev/video0"'
        ],
    ),
    "a stage as source": (
        '[cameras.a]\nsource = "change"',
        [f"cameras.a.source: 'change' is no source: it takes a frame; known sources: {SOURCES}"],
    ),
    "a missing option of a source": (
        '[cameras.a]\nsource = "video"',
        ["cameras.a.path: missing; 'video' needs it: expected path"],
    ),
    "an unknown option of a source": (
        '[cameras.a]\nsource = "video"\npath = "x.mp4"\nevry = "1s"',
        ["cameras.a.evry: unknown option of 'video'; did you mean 'every'?"],
    ),
    "an option of the wrong type": (
        '[cameras.a]\nsource = "video"\npath = 3',
        ["cameras.a.path: expected path, got int 3"],
    ),
    "an empty path": (
        '[cameras.a]\nsource = "video"\npath = ""',
        ["cameras.a.path: expected path, got str ''"],
    ),
    "an option that is a table": (
        '[cameras.a]\nsource = "video"\n[cameras.a.path]\nfile = "x"',
        ["cameras.a.path: expected path, got a table"],
    ),
    "a duration that is none": (
        '[cameras.a]\nsource = "video"\npath = "x"\nevery = "soon"',
        ["cameras.a.every: expected a duration like '1s', '500ms' or seconds above 0, got 'soon'"],
    ),
    "privacy that is no list": (
        '[cameras.a]\nsource = "synthetic"\nprivacy = "0,0 1,1"',
        ["cameras.a.privacy: expected a list of regions like '0,0 0.5,1', got str '0,0 1,1'"],
    ),
    "a private region outside the picture": (
        '[cameras.a]\nsource = "synthetic"\nprivacy = ["0,0 0.5,0.5", "0,0 2,1"]',
        ['cameras.a.privacy[1]: expected shares of the picture, 0 to 1, got "0,0 2,1"'],
    ),
    "an unknown policy": (
        '[cameras.a]\nsource = "synthetic"\npolicy = "latets"',
        ["cameras.a.policy: expected 'block' or 'latest', got str 'latets'; did you mean 'latest'?"],
    ),
    "an unknown stage of a camera": (
        '[cameras.a]\nsource = "synthetic"\n[cameras.a.stages.scor]\nthreshold = 1.0',
        ["cameras.a.stages.scor: unknown stage; did you mean 'score'?"],
    ),
    "an engine's key for one camera": (
        '[cameras.a]\nsource = "synthetic"\n[cameras.a.stages.score]\nreplicas = 2',
        ["cameras.a.stages.score.replicas: the same for all cameras; set it in [stages.score]"],
    ),
    "an option of the archive for one camera": (
        '[cameras.a]\nsource = "synthetic"\n[cameras.a.stages.archive]\nquality = 80',
        ["cameras.a.stages.archive: 'archive' is one for all cameras; set it in [stages.archive]"],
    ),
    "another archive for one camera": (
        '[cameras.a]\nsource = "synthetic"\n[cameras.a.stages.archive]\nsteps = [{ use = "grayscale" }]',
        ["cameras.a.stages.archive: 'archive' is one for all cameras; set it in [stages.archive]"],
    ),
    "an option beside steps for one camera": (
        '[cameras.a]\nsource = "synthetic"\n[cameras.a.stages.preprocess]\nwidth = 80',
        [
            "cameras.a.stages.preprocess.width: unknown key; with steps an option stands in its step: "
            "steps = [{ use = …, … }]"
        ],
    ),
    "stages is no table": (
        "stages = []\n[cameras.a]\nsource = 'synthetic'",
        ["stages: expected tables [stages.NAME], got list []"],
    ),
    "a stage is no table": (
        "[stages]\nscore = 0.05",
        ["stages.score: expected a table, got float 0.05"],
    ),
    "a stage with a bad name": (
        CHAIN + '[stages._x]\nuse = "grayscale"\ninputs = ["score"]',
        ["stages._x: expected a name of 1 to 64 letters, digits, - and _, beginning with a letter or digit"],
    ),
    "an unknown option of a stage": (
        "[stages.score]\ntreshold = 0.1",
        ["stages.score.treshold: unknown option of 'change'; did you mean 'threshold'?"],
    ),
    "an unknown key of the engine": (
        "[stages.score]\nreplica = 2",
        ["stages.score.replica: unknown option of 'change'; did you mean 'replicas'?"],
    ),
    "nothing near": (
        "[stages.preprocess]\nsteps = [{ use = 'grayscale', qqq = 1 }]",
        ["stages.preprocess.steps[0].qqq: unknown option of 'grayscale'; known: min_width, use, weights"],
    ),
    "a word that is no number": (
        '[stages.score]\nthreshold = "high"',
        ["stages.score.threshold: expected float or nothing, got str 'high'"],
    ),
    "a word that is not one of the words": (
        '[stages.score]\nreference = "lastkept"',
        [
            "stages.score.reference: expected 'last-kept' or 'previous' or 'background' or 'window-median' or 'fixed', got str 'lastkept'; "
            "did you mean 'last-kept'?"
        ],
    ),
    "an unknown metric": (
        '[stages.score]\nmetric = "sim"',
        ['stages.score.metric: no metric named "sim"; did you mean "ssim"?'],
    ),
    "a number out of range": (
        "[stages.score]\nthreshold = -1",
        ["stages.score.threshold: expected 0 or more (0 = the same), got -1"],
    ),
    "a step's number out of range": (
        '[stages.preprocess]\nsteps = [{ use = "grayscale" }, { use = "blur", sigma = 0 }]',
        ["stages.preprocess.steps[1].sigma: expected sigma above 0 up to 100 pixels, got 0"],
    ),
    "a true value for a number": (
        "[stages.archive]\nquality = true",
        ["stages.archive.quality: expected int, got bool true"],
    ),
    "several options out of range": (
        '[stages.archive]\nquality = 0\npicture = "small"\nformat = "gif"',
        [
            "stages.archive.picture: expected 'captured' or 'working', got 'small'",
            "stages.archive.quality: expected 1 to 100, got 0",
            "stages.archive.format: expected 'jpeg' or 'png', got 'gif'",
        ],
    ),
    "use and steps": (
        '[stages.score]\nuse = "change"\nsteps = [{ use = "change" }]',
        ["stages.score: expected either use or steps, got both"],
    ),
    "neither use nor steps": (
        CHAIN + '[stages.more]\ninputs = ["score"]',
        ["stages.more.use: missing; expected the name of a stage, or steps = [{ use = … }, …]"],
    ),
    "steps that are no list": (
        '[stages.preprocess]\nsteps = "blur"',
        ["stages.preprocess.steps: expected a list of tables like { use = 'blur' }, got str 'blur'"],
    ),
    "no steps": (
        "[stages.preprocess]\nsteps = []",
        ["stages.preprocess.steps: expected a list of tables like { use = 'blur' }, got list []"],
    ),
    "a step that is no table": (
        '[stages.preprocess]\nsteps = ["blur"]',
        ["stages.preprocess.steps[0]: expected a table like { use = 'blur' }, got str 'blur'"],
    ),
    "a step without use": (
        "[stages.preprocess]\nsteps = [{ sigma = 1.0 }]",
        ["stages.preprocess.steps[0].use: missing; expected the name of a stage"],
    ),
    "an option beside steps": (
        "[stages.preprocess]\nwidth = 640",
        [
            "stages.preprocess.width: unknown key; with steps an option stands in its step: "
            "steps = [{ use = …, … }]"
        ],
    ),
    "a source as a stage": (
        '[stages.score]\nuse = "synthetic"',
        ["stages.score.use: 'synthetic' is a source: it takes no frame; name it in [cameras.NAME] source"],
    ),
    "an archive among steps": (
        '[stages.score]\nsteps = [{ use = "change" }, { use = "archive" }]',
        [
            "stages.score.steps[1].use: 'archive' is an archive and runs on its own: "
            "write a table for it, with use = 'archive'"
        ],
    ),
    "a join": (
        '[stages.score]\nuse = "mine_for_load:stereo"',
        [
            "stages.score.use: 'mine_for_load:stereo' joins 2 inputs (left, right); joins cannot be run yet: "
            "give it one input"
        ],
    ),
    "a missing option of a stage": (
        '[stages.score]\nuse = "mine_for_load:shift"',
        ["stages.score.by: missing; 'mine_for_load:shift' needs it: expected int"],
    ),
    "an item of the wrong type": (
        '[stages.score]\nuse = "mine_for_load:shift"\nby = 1\nwords = ["a", 2]',
        ["stages.score.words: expected list of str, got list ['a', 2]"],
    ),
    "a module that is missing": (
        '[stages.score]\nuse = "mien:shift"',
        ["stages.score.use: 'mien:shift': there is no module 'mien' beside pipeline.toml or installed"],
    ),
    "an attribute that is missing": (
        '[stages.score]\nuse = "mine_for_load:shif"',
        ["stages.score.use: 'mine_for_load:shif': 'mine_for_load' has no 'shif'; did you mean 'shift'?"],
    ),
    "a module that fails": (
        '[stages.score]\nuse = "broken_for_load:shift"',
        [
            "stages.score.use: 'broken_for_load:shift': the module fails while it is imported: "
            "ZeroDivisionError: division by zero"
        ],
    ),
    "a module whose own import is missing": (
        '[stages.score]\nuse = "lacking_for_load:shift"',
        [
            "stages.score.use: 'lacking_for_load:shift': the module fails while it is imported: "
            "No module named 'no_such_package'"
        ],
    ),
    "an import string that is none": (
        '[stages.score]\nuse = "mine.py:shift"\n[stages.archive]\nfolder = "a:b"\nuse = "x y:z"',
        [
            "stages.score.use: 'mine.py:shift': there is no module 'mine' beside pipeline.toml or installed",
            "stages.archive.use: import string 'x y:z' must be in the form \"module:attribute\"",
        ],
    ),
    "what cannot be called": (
        '[stages.score]\nuse = "mine_for_load:number"',
        [
            "stages.score.use: 'mine_for_load:number' is int, which cannot be called; "
            "name a function or a class with __call__"
        ],
    ),
    "any number of inputs": (
        '[stages.score]\nuse = "mine_for_load:bare"',
        [
            "stages.score.use: 'mine_for_load:bare': *frames does not say how many inputs there are; "
            "name each of them"
        ],
    ),
    "replicas": (
        "[stages.score]\nreplicas = 0",
        ["stages.score.replicas: expected a whole number from 1, got int 0"],
    ),
    "two archives of one catalogue": (
        "[stages.archive]\nreplicas = 2",
        ["stages.archive.replicas: expected 1, got 2; one archive writes a catalogue"],
    ),
    "a queue that is no table": (
        "[stages.score]\nqueue = 32",
        ["stages.score.queue: expected a table like { frames = 32, bytes = '64MB' }, got int 32"],
    ),
    "a queue with everything wrong": (
        '[stages.score]\nqueue = { frame = 3, frames = 0, bytes = "64 apples" }',
        [
            "stages.score.queue.frame: unknown key; did you mean 'frames'?",
            "stages.score.queue.frames: expected a whole number from 1, got int 0",
            "stages.score.queue.bytes: expected a size like '64MB', got str '64 apples'",
        ],
    ),
    "a time without unit": (
        "[stages.score]\nhang_after = 60",
        ["stages.score.hang_after: expected a duration like '1s' or '500ms', got int 60"],
    ),
    "the capture's table": (
        '[stages.capture]\nsotre = 1\nhang_after = "x"\nstore = { frames = 3 }',
        [
            "stages.capture.sotre: unknown key; did you mean 'store'?",
            "stages.capture.hang_after: expected a duration like '1s' or '500ms', got str 'x'",
        ],
    ),
    "a store smaller than what commits need": (
        "[stages.capture]\nstore = { frames = 7 }",
        [
            "stages.capture.store.frames: expected at least 8, got 7: "
            "commits come every 8 frames and 0 are held back"
        ],
    ),
    "frames held back beyond the queue": (
        '[stages.score]\nuse = "mine_for_load:Window"\nqueue = { frames = 5 }\n[stages.capture]\nstore = { frames = 12 }',
        [
            "stages.score.queue.frames: expected at least 6, got 5: 5 frames are held back on the way here",
            "stages.capture.store.frames: expected at least 13, got 12: "
            "commits come every 8 frames and 5 are held back",
        ],
    ),
    "inputs that are no list": (
        '[stages.score]\ninputs = "preprocess"\n[stages.preprocess]\ninputs = []\n[stages.archive]',
        [
            "stages.preprocess.inputs: expected a list of what feeds this stage, like ['capture'], got list []",
            "stages.score.inputs: expected a list of what feeds this stage, like ['capture'], got str 'preprocess'",
        ],
    ),
    "a stage without inputs": (
        '[stages.extra]\nuse = "grayscale"',
        ["stages.extra.inputs: missing; expected a list of what feeds this stage, like ['capture']"],
    ),
    "a stage whose name is misspelled": (
        '[stages.scor]\nuse = "change"',
        [
            "stages.scor.inputs: missing; expected a list of what feeds this stage, like ['capture']; is 'score' meant to be it?"
        ],
    ),
    "an unknown input": (
        CHAIN + '[stages.more]\nuse = "grayscale"\ninputs = ["scor"]',
        ["stages.more.inputs[0]: no stage named 'scor'; did you mean 'score'?"],
    ),
    "a default stage that is gone": (
        '[stages.more]\nuse = "grayscale"\ninputs = ["score"]',
        [
            f"stages: expected one archive, got none; {ALL_WRITTEN}",
            f"stages.more.inputs[0]: no stage named 'score'; {ALL_WRITTEN}",
        ],
    ),
    "a camera as input": (
        CHAIN + '[stages.more]\nuse = "grayscale"\ninputs = ["lobby"]',
        ["stages.more.inputs[0]: no stage named 'lobby'; it is a camera; 'capture' stands for all of them"],
    ),
    "an input twice": (
        CHAIN + '[stages.more]\nuse = "grayscale"\ninputs = ["score", "score"]',
        ["stages.more.inputs[1]: 'score' stands there twice"],
    ),
    "behind the archive": (
        CHAIN + '[stages.more]\nuse = "grayscale"\ninputs = ["archive"]',
        ["stages.more.inputs[0]: 'archive' is the archive; nothing comes after it"],
    ),
    "branches that meet early": (
        CHAIN + '[stages.more]\nuse = "grayscale"\ninputs = ["capture", "preprocess"]',
        [
            "stages.more.inputs: branches meet here ('capture', 'preprocess'); "
            "only the archive can take several inputs as long as there are no joins"
        ],
    ),
    "a circle": (
        '[stages.b]\nuse = "grayscale"\ninputs = ["a"]\n[stages.a]\nuse = "grayscale"\ninputs = ["b"]\n'
        '[stages.archive]\ninputs = ["a"]',
        ["stages.a.inputs: a circle: a -> b -> a"],
    ),
    "its own input": (
        CHAIN + '[stages.more]\nuse = "grayscale"\ninputs = ["more"]',
        ["stages.more.inputs: a circle: more -> more"],
    ),
    "no archive": (
        '[stages.more]\nuse = "grayscale"\ninputs = ["capture"]',
        [f"stages: expected one archive, got none; {ALL_WRITTEN}"],
    ),
    "more than one archive": (
        CHAIN + '[stages.backup]\nuse = "archive"\nfolder = "b"\ninputs = ["score"]',
        ["stages: expected one archive, got 2: archive, backup"],
    ),
}
