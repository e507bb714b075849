class_name UiArena
extends RLArena
## One user before one panel: a new menu every episode, and a sequence to be done in it.

@export var user: UiUser
@export var panel: UiPanel

var settings: UiParams
var course := MenuCourse.new()

var _changed := false
# Tells a person what to do next; null where nobody looks.
var _card: Label3D
# How far the rays had to go when the last decision ended, in radians; and whether a step was done since.
var _gap := 0.0
var _stepped := false
# How far the rays pointed beside the next element at the presses of this episode, summed up, in degrees.
var _errors_deg := 0.0


func _build() -> void:
	settings = params as UiParams
	user.arena = self
	user.panel = panel
	panel.menu.changed.connect(func() -> void: _changed = true)
	if DisplayServer.get_name() != "headless":
		_card = Label3D.new()
		_card.position.y = 0.5 * UiPanel.SIZE.y + 0.07
		_card.pixel_size = 0.0015
		panel.add_child(_card)
	SeededBug.plant(self, settings.bug)


func _begin_episode() -> void:
	max_ticks = RLGameTime.ticks_in(settings.time_limit_s)
	_hang_panel()
	MenuPlan.fill(panel.menu, rng, settings)
	panel.menu.open()
	course.begin(panel.menu)
	user.stand(rng)
	_changed = false
	_stepped = true
	_errors_deg = 0.0
	_pay_approach()


func _tick(_delta: float) -> void:
	if not _changed:
		return
	_changed = false
	var steps := course.take_steps()
	_stepped = _stepped or steps > 0
	user.agent.add_reward(&"step", settings.reward_step * steps)
	user.agent.set_metric(&"steps_done", float(course.done) / course.total)
	if course.over:
		user.agent.add_reward(&"sequence", settings.reward_sequence)
		user.agent.set_metric(&"persisted", 1.0)
		user.agent.end(true)


func _end_decision() -> void:
	user.pose()
	_pay_approach()
	if _card != null:
		_card.text = course.target.describe()


## A trigger was pulled, and an element answered or none did; the ray was `beside` the next element by so many radians.
func note_press(answered: bool, beside: float) -> void:
	user.agent.add_metric(&"presses", 1.0)
	_errors_deg += rad_to_deg(beside)
	user.agent.set_metric(&"pointer_error_deg", _errors_deg / user.agent.get_metric(&"presses"))
	if not answered:
		user.agent.add_metric(&"misses", 1.0)
		user.agent.add_reward(&"miss", settings.reward_miss)


## Where to point next, in the world.
func target_point() -> Vector3:
	return panel.point_of(course.target.point())


func _hang_panel() -> void:
	var away := rng.randf_range(settings.panel_near_m, settings.panel_far_m)
	var bearing := rng.randf_range(-0.3, 0.3)
	var place := Vector3(-sin(bearing) * away, rng.randf_range(1.2, 1.6), -cos(bearing) * away)
	var facing := Basis.from_euler(Vector3(rng.randf_range(-0.2, 0.1), bearing + rng.randf_range(-0.25, 0.25), 0.0))
	panel.hang(Transform3D(facing, place))


## Pay for coming nearer: the difference of a potential, so that spoiling a setting, coming back and setting it right
## earns nothing. It begins anew with every step that is done for the first time.
func _pay_approach() -> void:
	var before := _gap
	_gap = _way()
	if not _stepped:
		user.agent.add_reward(&"progress", settings.reward_progress * (before - _gap))
	_stepped = false


## How far the nearer ray has to turn until the target is done, in radians; the acting one while its trigger is pulled.
func _way() -> float:
	var target := course.target
	var point := target_point()
	var way := user.turn_to(user.acting, point)
	if not user.pressing:
		var other := user.turn_to(1 - user.acting, point)
		way = way if way.length() < other.length() else other
	if target.kind != MenuElement.Kind.SLIDER or target.is_dragged():
		return way.length()
	var drag := user.turn_to(user.acting, panel.point_of(target.wanted_point())) - user.turn_to(user.acting, point)
	return way.length() + drag.length()
