@tool
@icon("res://addons/spacetime_rl/icons/agent.svg")
class_name RLStockPolicy
extends Node
## Lets a trained policy play a game that was built with the stock Godot RL Agents plugin, without .NET or Python.
##
## Add one to the scene that has the plugin's Sync node, and nothing else: its AIControllers get their actions from
## `policy`. One whose own control mode is Human or Record Expert Demos is left alone. A game that Python starts is
## played by Python. The policy is one of ours, or one that godot-rl has exported.

## An agent's episode ended.
signal episode_ended(agent: Node, episode_return: float, decisions: int)

const _AGENTS := &"AGENT"
# The control modes of the plugin's AIController, and of older Sync nodes, whose agents have none.
const _HUMAN := 1
const _ONNX_INFERENCE := 3
const _RECORD_EXPERT_DEMOS := 4
const _SYNC_HUMAN := 0
const _USUAL_REPEAT := 8

## The policy that plays. Without one the game is as if this node were not there.
@export var policy: RLPolicy:
	set(value):
		policy = value
		update_configuration_warnings()
## Play the agents of this policy name only; empty plays all. Games with several policies have a node for each.
@export var policy_name := ""
## Physics ticks that a decision lasts; 0 takes those of the Sync node.
@export_range(0, 100) var action_repeat := 0
## Actions are drawn as in training; without it they are the most probable ones.
@export var stochastic := false
## The seed of drawn actions.
@export var seed_value := 0

## What is wrong, in one sentence; empty if nothing is.
var problem := ""

var _plays := false
var _sync: Node
var _ticks := 0
var _has_begun := false
var _rows: Array[RLStockRow] = []
var _rng := RandomNumberGenerator.new()


func _enter_tree() -> void:
	_plays = policy != null and not Engine.is_editor_hint() and RLOptions.from_command_line().port == 0
	if not _plays:
		return
	get_tree().node_added.connect(_note)
	for node: Node in get_tree().root.find_children("*", "", true, false):
		_note(node)


func _ready() -> void:
	_rng.seed = seed_value
	if _plays and _sync == null:
		add_child(RLStockTicker.new(_tick))


func _exit_tree() -> void:
	if get_tree().node_added.is_connected(_note):
		get_tree().node_added.disconnect(_note)


func _get_configuration_warnings() -> PackedStringArray:
	return RLSceneCheck.problems_of(self)


# The Sync node begins when its parent is ready, or in old versions when the root is. Godot calls what was connected
# first, first: the Sync node connects its own method in its `_ready`, which is after this.
func _note(node: Node) -> void:
	if _sync != null or not node.has_method(&"connect_to_server") or not node.has_method(&"handle_message"):
		return
	_sync = node
	node.get_parent().ready.connect(_take_agents, CONNECT_ONE_SHOT)
	get_tree().root.ready.connect(_take_agents, CONNECT_ONE_SHOT)
	# At the Sync node's own place, so that players before it have moved and those after it have not, as in training.
	node.add_child.call_deferred(RLStockTicker.new(_tick))


func _take_agents() -> void:
	for agent: Node in get_tree().get_nodes_in_group(_AGENTS):
		if _is_played(agent) and not _rows.any(func(row: RLStockRow) -> bool: return row.agent == agent):
			_rows.append(RLStockRow.new(agent))
			if _sync != null:
				_hide_from_sync(agent)


# A Sync node without agents to train or to play asks neither Python nor .NET.
func _hide_from_sync(agent: Node) -> void:
	if &"control_mode" in agent:
		agent.set(&"control_mode", _HUMAN)
		return
	_sync.set(&"control_mode", _SYNC_HUMAN)
	_sync.set(&"onnx_model_path", "")


func _is_played(agent: Node) -> bool:
	if policy_name != "" and str(agent.get(&"policy_name")) != policy_name:
		return false
	return not &"control_mode" in agent or agent.get(&"control_mode") not in [_HUMAN, _RECORD_EXPERT_DEMOS]


func _tick() -> void:
	if _sync != null and &"initialized" in _sync and not _sync.get(&"initialized"):
		return
	if not _has_begun:
		_has_begun = true
		_begin()
	if _ticks % action_repeat == 0 and problem.is_empty():
		_decide()
	_ticks += 1


func _begin() -> void:
	if action_repeat == 0:
		action_repeat = _sync.get(&"action_repeat") if _sync != null else _USUAL_REPEAT
	if _sync == null:
		_take_agents()
	if _rows.is_empty():
		problem = "there is no AIController to play; is policy_name '%s' right?" % policy_name
	for row: RLStockRow in _rows:
		problem = row.begin(policy) if problem.is_empty() else problem
	if not problem.is_empty():
		push_error("RLStockPolicy (%s): %s" % [get_path(), problem])
		return
	for row: RLStockRow in _rows:
		row.agent.call(&"set_heuristic", "model")
		if &"control_mode" in row.agent:
			row.agent.set(&"control_mode", _ONNX_INFERENCE)
	_keep_from_sync()


# It would clear `done` before it is read here.
func _keep_from_sync() -> void:
	if _sync == null:
		return
	var theirs: Variant = _sync.get(&"agents_heuristic")
	if theirs is not Array:
		_sync.set_physics_process(false)
		return
	var agents: Array = theirs
	for row: RLStockRow in _rows:
		agents.erase(row.agent)


func _decide() -> void:
	var acting: Array[RLStockRow] = []
	for row: RLStockRow in _rows:
		if not is_instance_valid(row.agent) or not row.agent.is_inside_tree():
			continue
		if row.observe():
			acting.append(row)
		else:
			row.act(row.idle_action())
		if row.has_ended:
			episode_ended.emit(row.agent, row.ended_return, row.ended_decisions)
	if acting.is_empty():
		return
	var found := policy.model().run(_inputs_of(acting), acting.size())
	if found.is_empty():
		problem = policy.model().problem
		push_error("RLStockPolicy (%s): %s" % [get_path(), problem])
		return
	for i: int in acting.size():
		acting[i].take(found, i, acting.size(), _rng if stochastic else null)


func _inputs_of(rows: Array[RLStockRow]) -> Dictionary[String, PackedFloat32Array]:
	var inputs: Dictionary[String, PackedFloat32Array] = {}
	for input: String in policy.model().inputs:
		var values := PackedFloat32Array()
		for row: RLStockRow in rows:
			values.append_array(row.inputs[input])
		inputs[input] = values
	return inputs
