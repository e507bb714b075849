class_name TagWaysSensor
extends RLSensor
## What somebody who knows the map sees in it: how far the nearest player of the other role is by the shortest way, and
## what becomes of that in eight directions.
##
## A straight line says little among walls and blocks. For a seeker, ways lead from itself to the other player; for a
## hider, from the other player to itself.

const DIRECTIONS := 8
## Metres to the places that are asked about: the next cell, and the one behind it.
const RINGS: Array[float] = [2.0, 4.0]
## Metres of walking that become 1.
const FAR := 20.0
const NEAR := 6.0

var _around := PackedVector3Array()


func fields() -> Array[RLField]:
	var count := DIRECTIONS * RINGS.size()
	return [
		RLField.new("way", 1, "m/%d to the nearest of the other role, by the shortest way" % FAR),
		RLField.new(
			"way_change", count, "how much longer it is from places 2 m and 4 m away, ahead first; m/%d" % NEAR
		),
		RLField.new("way_there", count, "how far it is to these places; m/%d" % NEAR),
		RLField.new("step_up", DIRECTIONS, "how much higher the near ones are; m/2"),
	]


func write(buffer: PackedFloat32Array, offset: int) -> void:
	var player := body as TagPlayer
	var map := player.arena.map
	var here := map.number_at(player.position)
	var level := map.level_of(map.cell_at(here))
	var ways := map.ways_of(player)
	var own := map.paths.costs_from(here)
	var least := minf(ways[here], FAR) if ways else FAR
	buffer[offset] = minf(least / FAR, 1.0)
	offset += 1
	var count := _around.size()
	var knows := not ways.is_empty()
	for i: int in count:
		var there := map.number_at(player.position + player.basis * _around[i])
		buffer[offset + i] = clampf((ways[there] - least) / NEAR, -1.0, 1.0) if knows else 0.0
		buffer[offset + count + i] = minf(own[there] / NEAR, 1.0)
		if i < DIRECTIONS:
			buffer[offset + 2 * count + i] = clampf((map.levels[there] - level) / 2.0, -1.0, 1.0)


func _setup() -> void:
	for metres: float in RINGS:
		for i: int in DIRECTIONS:
			_around.append(Vector3.FORWARD.rotated(Vector3.UP, -TAU * i / DIRECTIONS) * metres)
