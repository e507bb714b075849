class_name InteractionPilot
## What the players share when no policy plays them. Scripted ones go straight to a point: they know nothing of screens.

## Horizontal distance at which an arm is long enough, in metres.
const ARM := 0.5


## Write move (strafe, forward, turn) and reach so that the hand gets to `target`, a point of the arena.
static func reach_for(player: InteractionPlayer, target: Vector3, action: PackedFloat32Array) -> void:
	var offset := player.to_own_frame(target - player.global_position)
	walk_along(offset, ARM, action)
	var hand := (offset - InteractionPlayer.REACH_CENTRE) / InteractionPlayer.REACH_HALF
	for axis: int in 3:
		action[3 + axis] = clampf(hand[axis], -1.0, 1.0)


## Write move so that the player turns along `offset` (own frame) and stops `distance` metres before its end.
static func walk_along(offset: Vector3, distance: float, action: PackedFloat32Array) -> void:
	var flat := Vector2(offset.x, -offset.z)
	var pace := flat.normalized() * clampf(2.0 * (flat.length() - distance), -1.0, 1.0)
	action[0] = pace.x
	action[1] = pace.y
	action[2] = clampf(2.0 * atan2(flat.x, flat.y), -1.0, 1.0)


## The nearest player of another policy who is still playing; null where there is none.
static func nearest_rival(player: InteractionPlayer) -> InteractionPlayer:
	var nearest: InteractionPlayer = null
	var least := INF
	for other: InteractionPlayer in player.arena.players:
		if other.agent.active and other.agent.policy_name != player.agent.policy_name:
			var distance := player.global_position.distance_squared_to(other.global_position)
			if distance < least:
				least = distance
				nearest = other
	return nearest


## Write move so that the player runs at its nearest rival (`side` 1) or away from it (-1).
static func run_by_rival(player: InteractionPlayer, side: float, action: PackedFloat32Array) -> void:
	var rival := nearest_rival(player)
	if rival != null:
		var offset := player.to_own_frame(rival.global_position - player.global_position)
		walk_along(side * offset, 0.0, action)


## Write move from a person's sticks.
static func walk_by_hand(action: PackedFloat32Array) -> void:
	var walk := RLHuman.left_stick()
	action[0] = walk.x
	action[1] = walk.y
	action[2] = RLHuman.right_stick().x


## Write move and reach from a person's sticks: the hand hovers before the body and goes sideways, up and ahead.
static func reach_by_hand(action: PackedFloat32Array) -> void:
	walk_by_hand(action)
	action[3] = RLHuman.roll()
	action[4] = RLHuman.lift()
	action[5] = -RLHuman.right_stick().y
