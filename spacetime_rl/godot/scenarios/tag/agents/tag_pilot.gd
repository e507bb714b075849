class_name TagPilot
## How scripted players of tag go after others and away from them.

## Room that a body needs, in metres.
const WIDE := 1.0


## Write the action of somebody who is it: run at the others, and jump for those who stand higher.
static func chase(player: TagPlayer, hunt: TagChase, action: PackedFloat32Array) -> void:
	go(player, hunt.aim(player), action)
	var rival := player.arena.nearest_rival(player)
	if rival != null:
		var away := rival.position - player.position
		if Vector2(away.x, away.z).length() < 1.6 and away.y > 0.5:
			action[3] = 1.0


## Write the action of somebody who is not it: on to the next cell of its flight, at full speed.
static func flee(player: TagPlayer, flight: TagFlight, action: PackedFloat32Array) -> void:
	var map := player.arena.map
	var next := flight.next_cell(player)
	var to := map.top_of(map.cell_at(next))
	if next == map.number_at(player.position):
		steer(player, to, action)
		return
	var climbs := to.y > player.position.y + 0.3
	var away := Vector3(to.x - player.position.x, 0.0, to.z - player.position.z)
	# Not slower near the middle of a cell: the flight goes on from there.
	steer(player, player.position + away.normalized() * maxf(away.length(), 1.0), action)
	action[3] = 1.0 if climbs else 0.0


## Write an action that gets a player to a place, over blocks and around walls.
static func go(player: TagPlayer, to: Vector3, action: PackedFloat32Array) -> void:
	var map := player.arena.map
	var here := map.number_at(player.position)
	var there := map.number_at(to)
	if here == there or (to.y < player.position.y + 0.3 and map.paths.is_clear(player.position, to, WIDE)):
		steer(player, to, action)
		return
	var way := map.paths.way(here, there)
	if way.is_empty():
		steer(player, to, action)
		return
	var climbs := map.level_of(map.cell_at(way[0])) > player.position.y + 0.3
	# As far ahead as one can go straight.
	var next := 0
	while not climbs and next + 1 < way.size():
		if not map.paths.is_clear(player.position, map.top_of(map.cell_at(way[next + 1])), WIDE):
			break
		next += 1
	steer(player, map.top_of(map.cell_at(way[next])), action)
	action[3] = 1.0 if climbs else 0.0


## Write an action that runs straight to a place, and looks there.
static func steer(player: TagPlayer, to: Vector3, action: PackedFloat32Array) -> void:
	var offset := player.to_own_frame(to - player.position)
	var flat := Vector2(offset.x, -offset.z)
	var pace := flat.normalized() * clampf(2.0 * flat.length(), 0.0, 1.0)
	action[0] = pace.x
	action[1] = pace.y
	action[2] = clampf(2.0 * atan2(flat.x, flat.y), -1.0, 1.0) if flat.length() > 0.2 else 0.0
	action[3] = 0.0


## Write the action of doing nothing.
static func stay(action: PackedFloat32Array) -> void:
	action.fill(0.0)
