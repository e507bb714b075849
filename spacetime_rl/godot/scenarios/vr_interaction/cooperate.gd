class_name CooperateObjective
extends InteractionObjective
## Givers fetch their object from its pedestal and hand it to their takers.

var pairs: Array[HandOver] = []

# Not preloaded: these scenes need this script to load.
var _giver_scene: PackedScene = load("res://scenarios/vr_interaction/giver.tscn")
var _taker_scene: PackedScene = load("res://scenarios/vr_interaction/taker.tscn")
var _hand_over_scene: PackedScene = load("res://scenarios/vr_interaction/hand_over.tscn")


func build() -> void:
	for i: int in params.players >> 1:
		var giver := arena.add_player(_giver_scene, &"giver", i)
		var taker := arena.add_player(_taker_scene, &"taker", i)
		var pair: HandOver = _hand_over_scene.instantiate()
		arena.add_child(pair)
		pair.join(giver, taker, params)
		pairs.append(pair)


func begin() -> void:
	for pair: HandOver in pairs:
		pair.begin(arena)


func tick(delta: float) -> void:
	for pair: HandOver in pairs:
		pair.tick(delta)


func decide() -> void:
	for pair: HandOver in pairs:
		pair.decide()


## The pedestals, from which the givers fetch their objects.
func landmarks() -> Dictionary[StringName, Vector3]:
	var places: Dictionary[StringName, Vector3] = {}
	for i: int in pairs.size():
		places["object_%d" % i] = pairs[i].pedestal.global_position
	return places
