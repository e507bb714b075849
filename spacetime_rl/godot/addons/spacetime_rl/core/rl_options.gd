class_name RLOptions
extends RefCounted
## The command line of a training process: `--port=P --token=T --env_seed=S --arenas=A --params={…}` …

## Port at which Godot RL Agents' plugin, too, looks for a training.
const USUAL_PORT := 11008
## Port of `--listen` without a number.
const USUAL_LISTEN_PORT := 11009
## Group that the scene's RLBridge joins.
const BRIDGE_GROUP := &"rl_bridge"
## Accepted values of `control`.
const CONTROLS: Array[String] = ["policy", "heuristic", "human"]

## Port on 127.0.0.1 where the Python side listens; 0 means nobody does, and the scene is played locally.
var port := 0
## Port at which the game looks for a training that waits for it; 0 unless the command line says so. See RLAttach.
var attach := 0
## Address of the machine on which that training waits.
var host := "127.0.0.1"
## Port on which the game waits for a client that steps it in lines of JSON (RLTcpSession); 0 for none.
var listen := 0
## Address of this machine on which it does; others than the loopback ones need a `token`.
var listen_address := "127.0.0.1"
## Secret proving to the Python side that this is the game it started.
var token := ""
## Seed of the episodes until the Python side sends another.
var env_seed := 0
## Physics ticks a decision; 0 keeps the bridge's own.
var action_repeat := 0
## Number of the episode with which the process begins, in a game that plays one episode in a process.
var first_episode := 0
## Decisions after which an episode is truncated; 0 keeps the arena's own limit.
var episode_steps := 0
## Copies of the arena in this process.
var arenas := 1
## Scenario parameters that differ from their defaults.
var params: Dictionary = {}
## Tasks that arenas play in turn, as RLTask takes them; without any the scene is all there is.
var tasks: Array = []
## Reward terms from outside the project, as RLRewardScript takes them.
var reward_scripts: Array = []
## What agents are paid for new places: `{"cell", "weight", "alone"}`; empty for nothing.
var novelty: Dictionary = {}
## Thresholds of the shipped oracles that watch recorded episodes, by id.
var oracles: Dictionary = {}
## Paths of oracles from outside the project.
var oracle_scripts: Array = []
## Who acts: "policy" (the peer), "heuristic" (the agents' scripts) or "human".
var control := "policy"
## Policies whose agents act by their heuristics, whoever acts for the others.
var scripted: PackedStringArray = []
## The script acts for agents of the peer whose actions are NaN.
var nan_asks_script := false
## The `.onnx` files with which the game itself plays agents, by the name of the agents' policy.
var policies: Dictionary = {}
## A person plays one of the agents, whoever acts for the others.
var has_human := false
## The agent that a person plays; "" is the first one.
var human := ""
## Who acts for the agents that neither a person nor a script plays, for the person before the window.
var player := "the policies"
## A person watches a game that somebody else drives: its only arena is shown in the window.
var watched := false
## The first arena is shown in the window while somebody else trains all of them: "1", or "max" where drawing must not
## slow them down; "" for not at all.
var viz := ""
## Folder for pictures of the window, of a game that is watched; "" for none.
var film := ""
## Ticks between two of them.
var film_every := 3
## As PNG instead of JPEG.
var film_as_png := false
## With rewards and the agent's figures over the picture.
var film_overlay := false
## Address of a server (`spacetime-rl serve`) that decides for the agents of a game without `port`; "" for none.
var serve := ""
## That server learns from what the agents experience.
var serve_training := false
## Measure what the game costs, and report it as metrics of every episode.
var monitor := false
## Agents see what the game costs; only with `monitor`.
var observe_performance := false
## Agents pay for broken budgets; only with `monitor`.
var penalise_performance := false
## How a project is played that knows nothing of reinforcement learning; see RLUnchangedArena. Empty for others.
var unchanged: Dictionary = {}
## Ticks in a second of game time, the same as the engine's `--fixed-fps`; 0 keeps the project's.
var physics_hz := 0
## How many times faster than the wall clock a game goes that is started without `--fixed-fps`; below 1 it is slower.
var speedup := 1.0
## Whether the command line has any of these options. A player's game has none.
var given := false
## What is wrong with the command line, one sentence each.
var problems: PackedStringArray = []


## The options of this process; stock clients pass them without the `--` separator, so both lists count.
static func from_command_line() -> RLOptions:
	return RLOptions.new(OS.get_cmdline_args() + OS.get_cmdline_user_args())


func _init(arguments: PackedStringArray = []) -> void:
	for argument: String in arguments:
		if argument == "--attach":
			set_option("attach", str(USUAL_PORT))
		elif argument == "--listen":
			set_option("listen", str(USUAL_LISTEN_PORT))
		elif argument.begins_with("--") and "=" in argument:
			set_option(argument.get_slice("=", 0).substr(2), argument.substr(argument.find("=") + 1))


## Set one option by its name, as the command line does.
func set_option(name: String, text: String) -> void:
	match name:
		"port":
			port = _integer(name, text, 1)
		"attach":
			attach = _integer(name, text, 1)
		"listen":
			listen = _integer(name, text, 1)
		"listen_address":
			listen_address = text
		"host":
			host = text
		"token":
			token = text
		"env_seed":
			env_seed = _integer(name, text, 0)
		"action_repeat":
			action_repeat = _integer(name, text, 1)
		"first_episode":
			first_episode = _integer(name, text, 0)
		"episode_steps":
			episode_steps = _integer(name, text, 1)
		"arenas":
			arenas = _integer(name, text, 1)
		"physics_hz":
			physics_hz = _integer(name, text, 1)
		"speedup":
			speedup = text.to_float()
			if not (text.is_valid_float() and speedup > 0.0 and is_finite(speedup)):
				problems.append("--speedup=%s: expected a number above 0" % text)
				speedup = 1.0
		"params":
			params = _object(name, text)
		"unchanged":
			unchanged = _object(name, text)
		"tasks":
			tasks = _list(name, text)
		"reward_scripts":
			reward_scripts = _list(name, text)
		"novelty":
			var paid: Variant = _json(name, text, TYPE_DICTIONARY, "a JSON object")
			novelty = paid if paid != null else {}
		"oracles":
			var wanted: Variant = _json(name, text, TYPE_DICTIONARY, "a JSON object")
			oracles = wanted if wanted != null else {}
		"oracle_scripts":
			oracle_scripts = _list(name, text)
		"scripted":
			scripted = text.split(",", false)
		"nan_asks_script":
			nan_asks_script = text == "1"
		"policies":
			policies = _object(name, text)
		"human":
			has_human = true
			human = text
		"player":
			player = text
		"watched":
			watched = text == "1"
		"viz":
			viz = text
		"film":
			film = text
		"film_every":
			film_every = _integer(name, text, 1)
		"film_as_png":
			film_as_png = text == "1"
		"film_overlay":
			film_overlay = text == "1"
		"serve":
			serve = text
		"serve_training":
			serve_training = text == "1"
		"monitor":
			monitor = text == "1"
		"observe_performance":
			observe_performance = text == "1"
		"penalise_performance":
			penalise_performance = text == "1"
		"control":
			control = text
			if text not in CONTROLS:
				problems.append("--control=%s: expected one of %s" % [text, ", ".join(CONTROLS)])
		_:
			return
	given = true


func _integer(name: String, text: String, minimum: int) -> int:
	if not text.is_valid_int() or text.to_int() < minimum:
		problems.append("--%s=%s: expected a whole number of at least %d" % [name, text, minimum])
		return minimum
	return text.to_int()


func _object(name: String, text: String) -> Dictionary:
	var read: Variant = _json(name, text, TYPE_DICTIONARY, "a JSON object")
	return read if read != null else {}


func _list(name: String, text: String) -> Array:
	var read: Variant = _json(name, text, TYPE_ARRAY, "a JSON list")
	return read if read != null else []


func _json(name: String, text: String, type: Variant.Type, what: String) -> Variant:
	var json := JSON.new()
	if json.parse(text) == OK and typeof(json.data) == type:
		return json.data
	problems.append("--%s=%s: expected %s" % [name, text, what])
	return null
