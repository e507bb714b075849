class_name CooperateObjective
extends InteractionObjective
## Givers fetch their object from its pedestal and hand it to their takers.

const GIVER: PackedScene = preload("giver.tscn")
const TAKER: PackedScene = preload("taker.tscn")
const HAND_OVER: PackedScene = preload("hand_over.tscn")

var pairs: Array[HandOver] = []


func build() -> void:
	for i: int in params.players >> 1:
		var giver := arena.add_player(GIVER, &"giver", i)
		var taker := arena.add_player(TAKER, &"taker", i)
		var pair: HandOver = HAND_OVER.instantiate()
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
