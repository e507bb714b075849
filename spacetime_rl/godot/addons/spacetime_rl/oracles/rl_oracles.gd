class_name RLOracles
extends RefCounted
## The oracles of one arena, and what they have reported of its episode.

## The shipped ones, by id.
const SHIPPED: Dictionary[String, GDScript] = {
	"inside_body": preload("rl_inside_body.gd"),
	"tunnelled": preload("rl_tunnelled.gd"),
	"jitter": preload("rl_jitter.gd"),
	"dead_element": preload("rl_dead_element.gd"),
	"warning": preload("rl_warning_oracle.gd"),
	"script_error": preload("rl_error_oracle.gd"),
	"not_finite": preload("rl_not_finite.gd"),
}

## What was reported in this episode: `{oracle, key, severity, message, decision, agent}`, each key once.
var sightings: Array[Dictionary] = []

var _arena: RLArenaCore
var _oracles: Array[RLOracle] = []
# One list for all of them.
var _moving: Array[Node] = []
var _keys: Dictionary[String, bool] = {}
var _decisions := 0
var _is_decided := true


## `wanted` has the thresholds of shipped oracles by id; `scripts` are oracles from outside.
func _init(arena: RLArenaCore, wanted: Dictionary, scripts: Array[GDScript] = []) -> void:
	_arena = arena
	_find_bodies()
	for oracle_id: String in wanted:
		if SHIPPED.has(oracle_id):
			_add(SHIPPED[oracle_id].new() as RLOracle, StringName(oracle_id), wanted[oracle_id] as Dictionary)
	for script: GDScript in scripts:
		_add(script.new() as RLOracle, StringName(script.resource_path.get_file().get_basename()), {})
	arena.nodes_changed.connect(_on_nodes_changed)


## Whether there is anything to watch for.
func is_empty() -> bool:
	return _oracles.is_empty()


## The arena's next episode has begun.
func begin() -> void:
	sightings = []
	_keys.clear()
	_decisions = 0
	_is_decided = true
	for oracle: RLOracle in _oracles:
		oracle._begin()


## A physics tick is over.
func advance(delta: float) -> void:
	for oracle: RLOracle in _oracles:
		oracle.is_decided = _is_decided
		oracle._tick(delta)
	_is_decided = false


## A decision is over.
func note_decision() -> void:
	for oracle: RLOracle in _oracles:
		oracle._end_decision()
	_decisions += 1
	_is_decided = true


func _find_bodies() -> void:
	_moving.clear()
	for body: Node in _arena.space.bodies_of(_arena.root):
		if not _arena.space.is_still(body):
			_moving.append(body)


func _on_nodes_changed() -> void:
	_find_bodies()
	for oracle: RLOracle in _oracles:
		oracle._nodes_changed()


func _add(oracle: RLOracle, called: StringName, thresholds: Dictionary) -> void:
	if oracle.id == &"":
		oracle.id = called
	for threshold: String in thresholds:
		if threshold in oracle:
			oracle.set(threshold, type_convert(thresholds[threshold], typeof(oracle.get(threshold))))
	oracle.setup(_arena, _moving, _note.bind(oracle))
	_oracles.append(oracle)


func _note(key: String, message: String, agent: RLAgent, oracle: RLOracle) -> void:
	if _keys.has(key):
		return
	_keys[key] = true
	(
		sightings
		. append(
			{
				"oracle": String(oracle.id),
				"key": key,
				"severity": oracle.severity,
				"message": message,
				"decision": _decisions + 1,
				"agent": String(agent.agent_name) if agent != null else "",
			}
		)
	)
