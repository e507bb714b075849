class_name FleetZone
extends LandingZone
## Several craft, fewer pads: who lands where and when, and who came too near to whom.
##
## At the start the lowest craft is given the nearest pad, and so on; whoever gets none is sent to a place beside a pad
## and waits there. A pad is free again when its craft was towed off or is lost; then the lowest that waits is given the
## nearest free pad. A craft knows all that from what it sees as its pad: that is where it has to go now.

## Height between two waiting places of a pad, in metres.
const HOLD_STEP := 40.0
## Where lost and towed craft are kept: under the ground, in nobody's way.
const DEPOT := Vector3(0.0, -200.0, 0.0)
const START_TRIES := 30

@export var craft_scene: PackedScene
@export var pad_scene: PackedScene

var fleet: FleetParams

# For each pad: the craft it is given to, or null, and the tick at which that one is towed off; 0 while it flies.
var _guests: Array[Spacecraft] = []
var _towed_at := PackedInt32Array()
# For each craft: how much of `keep_m` it has lost to others.
var _nearness := PackedFloat32Array()
# Whose flight ended in the last tick: they are seen where it ended before they are taken away.
var _leaving: Array[Spacecraft] = []


func _build() -> void:
	fleet = params as FleetParams
	for i: int in fleet.pads:
		var pad: LandingPad = pad_scene.instantiate()
		pads.append(pad)
		add_child(pad)
	for i: int in fleet.crafts:
		add_child(craft_scene.instantiate())
	_guests.resize(fleet.pads)
	_towed_at.resize(fleet.pads)
	_nearness.resize(fleet.crafts)
	super()


func _begin_episode() -> void:
	super()
	_guests.fill(null)
	_towed_at.fill(0)
	_leaving.clear()
	for craft: Spacecraft in _by_height():
		_give_pad(craft)
	for i: int in crafts.size():
		if crafts[i] not in _guests:
			_send_to_wait(crafts[i])
		judges[i].begin()
		_nearness[i] = _nearness_of(i)


func _tick(delta: float) -> void:
	for craft: Spacecraft in _leaving:
		_clear_away(craft)
	_leaving.clear()
	super(delta)
	if ticks % SLOW_TICKS == 0:
		_free_pads()


func _end_decision() -> void:
	super()
	for i: int in crafts.size():
		_pay_distance(i)


## Whether others have to mind a craft: it flies, or stands on a pad.
func is_present(craft: Spacecraft) -> bool:
	return craft.agent.active or craft in _guests


func _lay_pads() -> void:
	var turn := rng.randf_range(-PI, PI)
	for i: int in pads.size():
		var spoke := Vector3(fleet.pad_circle_m, 0.0, 0.0).rotated(Vector3.UP, turn + TAU * i / pads.size())
		pads[i].transform = Transform3D(Basis.IDENTITY, spoke if pads.size() > 1 else Vector3.ZERO)
	super()


func _start(craft: Spacecraft) -> void:
	super(craft)
	for i: int in START_TRIES:
		if not _is_near_others(craft):
			return
		super(craft)


func _touch_down(i: int) -> void:
	var craft := crafts[i]
	var other := craft.touched as Spacecraft
	if other == null:
		super(i)
		_leaving.append(craft)
		return
	_collide(i)
	if other.agent.active:
		_collide(crafts.find(other))


func _lose(i: int) -> void:
	super(i)
	_leaving.append(crafts[i])


func _collide(i: int) -> void:
	var agent := crafts[i].agent
	agent.set_metric(&"collision", 1.0)
	agent.add_reward(&"collision", fleet.reward_collision)
	judges[i].report(crafts[i].touchdown_velocity)
	judges[i].crash()
	agent.end(false)
	_leaving.append(crafts[i])


## Let a landed craft stand on its pad, and take any other one out of the others' way.
func _clear_away(craft: Spacecraft) -> void:
	var pad := _guests.find(craft)
	if craft.agent.success and pad >= 0:
		RLPhysics.hold(craft, craft.global_transform)
		_towed_at[pad] = ticks + RLGameTime.ticks_in(fleet.tow_s)
		return
	if pad >= 0:
		_guests[pad] = null
	_put_into_depot(craft)


func _put_into_depot(craft: Spacecraft) -> void:
	var place := DEPOT + Vector3(10.0 * crafts.find(craft), 0.0, 0.0)
	RLPhysics.hold(craft, Transform3D(Basis.IDENTITY, ground.position + place))


## Tow off who stood long enough, and let the next ones come.
func _free_pads() -> void:
	for i: int in pads.size():
		if _towed_at[i] > 0 and ticks >= _towed_at[i]:
			_put_into_depot(_guests[i])
			_guests[i] = null
			_towed_at[i] = 0
	if null in _guests:
		for craft: Spacecraft in _by_height():
			if craft.agent.active and not craft.is_cleared() and _give_pad(craft):
				judges[crafts.find(craft)].retarget()


## Give a craft the nearest free pad. Returns whether there was one.
func _give_pad(craft: Spacecraft) -> bool:
	var nearest := -1
	for i: int in pads.size():
		if _guests[i] == null and (nearest < 0 or _gap(craft, i) < _gap(craft, nearest)):
			nearest = i
	if nearest < 0:
		return false
	_guests[nearest] = craft
	craft.pad = pads[nearest]
	craft.hold = Vector3.ZERO
	return true


func _send_to_wait(craft: Spacecraft) -> void:
	var nearest := 0
	for i: int in pads.size():
		if _gap(craft, i) < _gap(craft, nearest):
			nearest = i
	craft.pad = pads[nearest]
	var waiting := 0
	for other: Spacecraft in crafts:
		waiting += int(other != craft and other.pad == craft.pad and not other.is_cleared())
	var outwards := (craft.pad.position - ground.position) / fleet.pad_circle_m
	if pads.size() == 1:
		outwards = Vector3.RIGHT
	craft.hold = outwards * fleet.hold_beside_m + Vector3.UP * (fleet.hold_height_m + HOLD_STEP * waiting)


func _gap(craft: Spacecraft, pad: int) -> float:
	return craft.position.distance_squared_to(pads[pad].position)


func _by_height() -> Array[Spacecraft]:
	var order := crafts.duplicate()
	order.sort_custom(func(a: Spacecraft, b: Spacecraft) -> bool: return a.position.y < b.position.y)
	return order


func _is_near_others(craft: Spacecraft) -> bool:
	for other: Spacecraft in crafts:
		if other == craft:
			return false
		if other.position.distance_to(craft.position) < fleet.start_gap_m:
			return true
	return false


func _pay_distance(i: int) -> void:
	if not crafts[i].agent.active:
		return
	var nearness := _nearness_of(i)
	crafts[i].agent.add_reward(&"keep", fleet.reward_keep * (_nearness[i] - nearness))
	_nearness[i] = nearness


## Shares of `keep_m` that others have come nearer than that, added up.
func _nearness_of(i: int) -> float:
	var sum := 0.0
	for other: Spacecraft in crafts:
		if other != crafts[i] and is_present(other):
			sum += maxf(1.0 - crafts[i].position.distance_to(other.position) / fleet.keep_m, 0.0)
	return sum
