@icon("res://addons/spacetime_rl/icons/bridge.svg")
class_name RLEnv
extends Node
## Lets a server (`spacetime-rl serve`) decide for the agents of a scene that is run by itself, through an RLClient.
##
## Add it and an RLClient to the scene with the RLBridge. While no server answers, the agents are played as without this
## node. A game that Python starts is played by Python, and this node does nothing.

## Group that this node joins.
const GROUP := &"rl_env"

## Send the server what the agents experience, so that it can learn (`serve --learn`).
@export var training_mode := false
## The server decides for all agents. Without it, those that a policy of the game or a person plays stay as they are.
@export var control_all_agents := true
## Physics ticks a decision; 0 takes those of the RLBridge.
@export_range(0, 100) var step_tick_interval := 0
## Ask for each agent's action by itself, in JSON, for servers that know neither `act_batch` nor `hello`.
@export var legacy_act_fallback := false
## The game waits for the answer to every decision, so that game time stands still meanwhile. Without it, agents go on
## with their last action until the answer has come. A game that trains always waits.
@export var waits_for_answers := true
## Milliseconds that the game waits for an answer at most; then the agents do nothing for a decision.
@export_range(1, 60000) var answer_timeout_ms := 2000
## Decisions whose experience is sent in one message.
@export_range(1, 1000) var decisions_per_message := 16
## Parameters of the scenario that differ from their defaults, such as `{"time_limit_s": 30.0}`.
@export var params: Dictionary = {}
## The connection; empty finds the RLClient beside or below this node, or makes one.
@export var client: RLClient


func _enter_tree() -> void:
	if Engine.is_editor_hint():
		return
	add_to_group(GROUP)
	_find_client()
	for node: Node in get_tree().root.find_children("*", "", true, false):
		if node is RLBridge:
			_set_up(node as RLBridge)


## For the bridge: the node that has a server decide, where there is one; `--serve=URL` makes one.
static func of(bridge: RLBridge) -> RLEnv:
	var found := bridge.get_tree().get_first_node_in_group(GROUP) as RLEnv
	if found == null and bridge.options.serve != "":
		found = RLEnv.new()
		bridge.add_child(found)
	return found


## Override: parameters of the scenario that settings of an inheriting node stand for.
func _scenario_params() -> Dictionary:
	return params


# The client is told what it needs before it connects, which it does when it is ready.
func _find_client() -> void:
	var options := RLOptions.from_command_line()
	for node: Node in get_parent().find_children("*", "", true, false):
		if client == null and node is RLClient:
			client = node as RLClient
	if client == null:
		client = RLClient.new()
		add_child(client)
	client.says_hello = not legacy_act_fallback
	if options.serve != "":
		client.url = options.serve
		training_mode = training_mode or options.serve_training


func _set_up(bridge: RLBridge) -> void:
	if bridge.options.port > 0 or bridge.is_node_ready():
		return
	bridge.options.params.merge(_scenario_params())
	if step_tick_interval > 0 and bridge.options.action_repeat == 0:
		bridge.options.action_repeat = step_tick_interval
