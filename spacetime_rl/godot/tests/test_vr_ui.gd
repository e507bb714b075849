extends RLTest
## vr_ui: real controls answer the rays of tracked hands, menus differ by seed, settings survive in a file.

const ARENA: PackedScene = preload("res://scenarios/vr_ui/arena.tscn")
const SCENE := "res://scenarios/vr_ui/vr_ui.tscn"
const RIGHT := RLXRPlayer.Hand.RIGHT
const LEFT := RLXRPlayer.Hand.LEFT
# pointer, course, then nine floats for each of ten cells
const FLOATS := 13 + 19 + 90


func test_what_is_observed_has_its_size_and_is_finite_and_small() -> void:
	var arena := _make_arena({})
	check_equal(arena.user.agent.observation_size, FLOATS, "floats")
	check_equal(arena.user.agent.action_size, 6, "floats of an action")
	var seen := PackedFloat32Array()
	seen.resize(FLOATS)
	for at: Vector2 in [Vector2.ZERO, Vector2(1.4, 1.0), Vector2(-1.4, -1.0)]:
		arena.user.aim(RIGHT, at)
		arena.user.aim(LEFT, -at)
		arena.user.agent.observe(seen, 0)
		for value: float in seen:
			check(is_finite(value) and absf(value) <= PI, "saw %f" % value)
	_check_what_is_seen_of_a_slider()


func test_a_ray_on_a_button_presses_it_when_the_trigger_is_let_go() -> void:
	var arena := _make_arena({"pages": 2})
	var link := _find(arena, MenuElement.Kind.LINK)
	_point(arena, RIGHT, link)
	check(arena.user.hits[RIGHT], "the ray meets the panel")
	_pull(arena, 2)
	check_equal(arena.panel.menu.open_page, arena.panel.menu.pages[0], "page while the trigger is pulled")
	check_equal(arena.panel.focused(), link.control, "focused control")
	_pull(arena, 0)
	check_equal(arena.panel.menu.open_page, arena.panel.menu.pages[1], "page afterwards")


func test_either_hand_may_press_and_a_ray_that_slipped_off_presses_nothing() -> void:
	var arena := _make_arena({"pages": 2})
	var link := _find(arena, MenuElement.Kind.LINK)
	_point(arena, LEFT, link)
	_pull(arena, 1)
	check_equal(arena.user.acting, LEFT, "acting hand")
	arena.user.aim(LEFT, arena.user.aims[LEFT] + Vector2(0.0, 0.3))
	_pull(arena, 0)
	check_equal(arena.panel.menu.open_page, arena.panel.menu.pages[0], "page after slipping off")
	_point(arena, LEFT, link)
	_click(arena, 1)
	check_equal(arena.panel.menu.open_page, arena.panel.menu.pages[1], "page after pressing")


func test_a_slider_follows_the_ray_that_dragged_its_handle() -> void:
	var arena := _make_arena({})
	var slider := _find(arena, MenuElement.Kind.SLIDER)
	_point(arena, RIGHT, slider)
	_pull(arena, 2)
	check(slider.is_dragged() and not slider.is_met(), "the handle is held")
	_point(arena, RIGHT, slider)
	_pull(arena, 2)
	check_close(slider.value(), slider.wanted, "value", 0.02)
	_pull(arena, 0)
	check(slider.is_met(), "let go at the wanted value")
	check_close(arena.user.agent.get_metric(&"misses"), 0.0, "misses")


func test_where_the_grip_drags_it_takes_sliders_only_and_the_trigger_takes_none() -> void:
	var arena := _make_arena({"drag_by": "grip"})
	var slider := _find(arena, MenuElement.Kind.SLIDER)
	_point(arena, RIGHT, slider)
	_pull(arena, 2)
	check(not slider.is_dragged(), "taken by the trigger")
	check_equal(arena.user.agent.get_metric(&"misses"), 1.0, "misses")
	_pull(arena, 0)
	_grip(arena, 1)
	check(slider.is_dragged(), "taken by the grip")
	_point(arena, RIGHT, slider)
	_grip(arena, 1)
	check_close(slider.value(), slider.wanted, "value", 0.02)
	_grip(arena, 0)
	check(slider.is_met(), "let go of")
	check_equal(arena.user.agent.get_metric(&"misses"), 1.0, "misses after the drag")
	arena = _make_arena({"drag_by": "grip", "pages": 2})
	_point(arena, RIGHT, _find(arena, MenuElement.Kind.LINK))
	_grip(arena, 1)
	_grip(arena, 0)
	check_equal(arena.panel.menu.open_page, arena.panel.menu.pages[0], "page after closing the grip on a button")
	check_equal(arena.user.agent.get_metric(&"misses"), 1.0, "misses")
	check_close(_turn_of_a_tick(arena, 1), _turn_of_a_tick(arena, 0), "turn with a closed and an open grip")
	var other := _make_arena({})
	check_close(_turn_of_a_tick(other, 1), 0.25 * _turn_of_a_tick(other, 0), "turn where the grip steadies")


func test_a_press_beside_the_handle_moves_no_slider() -> void:
	var arena := _make_arena({})
	var slider := _find(arena, MenuElement.Kind.SLIDER)
	var track := slider.control as MenuSlider
	var far := track.handle_at(1.0 if slider.value() < 0.5 else 0.0) + track.position
	_point_at(arena, RIGHT, far)
	_click(arena, 2)
	check_close(slider.value(), slider.default_value, "value", 0.006)
	check_close(arena.user.agent.get_metric(&"misses"), 1.0, "misses")


func test_the_pointers_error_is_its_angle_to_the_next_element_over_all_presses() -> void:
	var arena := _make_arena({})
	var user := arena.user
	_point_at(arena, RIGHT, arena.course.target.point())
	_click(arena, 2)
	check_close(user.agent.get_metric(&"pointer_error_deg"), 0.0, "error of a press in the middle", 0.01)
	arena._tick(0.0)
	_point_at(arena, RIGHT, arena.course.target.point())
	user.aim(RIGHT, user.aims[RIGHT] + Vector2(deg_to_rad(6.0), 0.0))
	_click(arena, 2)
	check_close(user.agent.get_metric(&"pointer_error_deg"), 3.0, "mean error of two presses", 0.01)


func test_what_does_not_respond_costs_once_a_pull() -> void:
	var arena := _make_arena({})
	var decoy := _find_disabled(arena)
	_point(arena, RIGHT, decoy)
	for tick: int in 5:
		_pull(arena, 2)
	check_close(arena.user.agent.ledger.take_reward(), arena.settings.reward_miss, "a pull that is held")
	_pull(arena, 0)
	arena.user.aim(RIGHT, Vector2(0.0, 1.0))
	check(not arena.user.hits[RIGHT], "the ray leaves the panel")
	_click(arena, 2)
	check_close(arena.user.agent.ledger.take_reward(), arena.settings.reward_miss, "a pull in the air")
	check_close(arena.user.agent.get_metric(&"presses"), 2.0, "presses")


func test_a_step_pays_once() -> void:
	var arena := _make_arena({"pages": 2})
	for time: int in 2:
		_use(arena, _find(arena, MenuElement.Kind.LINK))
		_use(arena, _find(arena, MenuElement.Kind.BACK))
		arena._tick(0.0)
	check_close(arena.user.agent.ledger.take_reward(), 2.0 * arena.settings.reward_step, "one way there and back")
	check_equal(arena.course.done, 2, "steps")


func test_going_back_and_forth_or_spoiling_a_setting_earns_nothing() -> void:
	var arena := _make_arena({"pages": 1})
	while arena.course.target.kind != MenuElement.Kind.SLIDER:
		arena.core.begin_episode()
	var slider := arena.course.target
	_turn_away(arena)
	_drag(arena, slider)
	_turn_away(arena)
	arena.user.agent.ledger.take_reward()
	for time: int in 2:
		slider.set_value(slider.default_value)
		arena.panel.menu.changed.emit()
		arena._tick(0.0)
		arena._end_decision()
		check_equal(arena.course.target, slider, "what is asked for")
		_point(arena, RIGHT, slider)
		arena._end_decision()
		_drag(arena, slider)
		arena._tick(0.0)
		_turn_away(arena)
		check_close(arena.user.agent.ledger.take_reward(), 0.0, "paid for spoiling it %d times" % time, 1e-5)


func test_settings_that_were_saved_are_there_when_the_menu_opens_again() -> void:
	var arena := _make_arena({"pages": 1, "settings": 3})
	var slider := _find(arena, MenuElement.Kind.SLIDER)
	slider.set_value(slider.wanted)
	var path := arena.panel.menu.store.path
	check(not FileAccess.file_exists(path), "nothing is saved in the beginning")
	_open_again(arena)
	check_close(slider.value(), slider.default_value, "a value that was not saved", 0.006)
	slider.set_value(slider.wanted)
	# Any change by hand tells the menu; a value that a test sets does not.
	_find(arena, MenuElement.Kind.SAVE).set_enabled(true)
	_use(arena, _find(arena, MenuElement.Kind.SAVE))
	check(FileAccess.file_exists(path), "the file is there")
	slider.set_value(slider.default_value)
	_open_again(arena)
	check_close(slider.value(), slider.wanted, "a value that was saved", 0.006)
	arena.core.begin_episode()
	check(not FileAccess.file_exists(path), "an episode begins from defaults")


func test_nothing_can_be_saved_before_a_setting_has_changed() -> void:
	var arena := _make_arena({})
	check(not _find(arena, MenuElement.Kind.SAVE).is_enabled(), "save is switched off")
	_drag(arena, _find(arena, MenuElement.Kind.SLIDER))
	check(_find(arena, MenuElement.Kind.SAVE).is_enabled(), "save is switched on")


func test_following_the_targets_does_the_whole_sequence() -> void:
	for pages: int in [1, 3, 6]:
		var arena := _make_arena({"pages": pages, "settings": 3}, pages)
		var paid := 0.0
		for step: int in 100:
			if not arena.user.agent.active:
				break
			_use(arena, arena.course.target)
			arena._tick(0.0)
			paid += arena.user.agent.ledger.take_reward()
		check(arena.user.agent.success, "success with %d pages" % pages)
		check_equal(arena.course.done, arena.course.total, "steps with %d pages" % pages)
		check_close(paid, arena.course.total * arena.settings.reward_step + arena.settings.reward_sequence, "paid")
		check(arena.panel.menu.pages.all(func(page: MenuPage) -> bool: return page.visited), "all pages were seen")


func test_closing_with_the_tree_half_seen_is_no_success() -> void:
	var arena := _make_arena({"pages": 3})
	_drag(arena, _find(arena, MenuElement.Kind.SLIDER))
	_use(arena, _find(arena, MenuElement.Kind.SAVE))
	_open_again(arena)
	arena._tick(0.0)
	check(arena.user.agent.active and arena.course.done < arena.course.total, "the episode goes on")
	check(arena.course.target.kind != MenuElement.Kind.CLOSE, "there is more to do")


func test_a_setting_that_was_spoilt_is_asked_for_again() -> void:
	var arena := _make_arena({"pages": 1})
	var slider := arena.course.target
	_drag(arena, slider)
	arena._tick(0.0)
	check(arena.course.target != slider, "on to the next")
	slider.set_value(slider.default_value)
	arena.panel.menu.changed.emit()
	arena._tick(0.0)
	check_equal(arena.course.target, slider, "target")


func test_the_same_seed_makes_the_same_menu_and_another_seed_another() -> void:
	var one := _describe(_make_arena({}, 1))
	check_equal(_describe(_make_arena({}, 1)), one, "the same seed")
	var again := _make_arena({}, 1)
	again.core.begin_episode()
	check(_describe(again) != one, "the next episode differs")
	check(_describe(_make_arena({}, 2)) != one, "another seed differs")


func test_a_tree_that_cannot_be_is_refused() -> void:
	var params := UiParams.new()
	check_equal(params.apply({"pages": 5, "depth": 1}).size(), 1, "problems with depth 1")
	check_equal(params.apply({"pages": 6, "depth": 2}).size(), 1, "problems with depth 2")
	check_equal(params.apply({"pages": 5, "depth": 2}).size(), 0, "problems")


func test_time_runs_out() -> void:
	var arena := _make_arena({"time_limit_s": 1.0})
	for tick: int in 90:
		arena.core.advance(1.0 / 90.0)
	check(not arena.user.agent.active and not arena.user.agent.success, "truncated without success")
	check_equal(arena.user.agent.take_ending(), RLRoster.TRUNCATED, "ending")


func test_menus_side_by_side_do_not_disturb_each_other_and_an_episode_is_the_same_in_each() -> void:
	var game := ChildGame.new({}, ["--arenas=8", "--control=heuristic"], SCENE)
	game.reset(5)
	var first := _watch(game, 3)
	game.reset(5, 3, 8)
	check_equal(_watch(game, 0).hash(), first.hash(), "what is seen of episode 3 in arena 3 and in arena 0")
	check_equal(game.stop(), 0, "exit code: %s" % game.log_text)


func test_the_scripted_user_does_the_whole_sequence_whatever_drags() -> void:
	for drag_by: String in ["trigger", "grip"]:
		var game := ChildGame.new({"drag_by": drag_by}, ["--arenas=8", "--control=heuristic"], SCENE)
		game.reset(1)
		var ended := 0
		for decision: int in 300:
			game.step(_nothing(game.action_size()))
			for agent: int in game.endings:
				ended += 1
				check_close(game.endings[agent][FLOATS + 3], 1.0, "success of agent %d, drags by %s" % [agent, drag_by])
		check(ended >= 8, "episodes where the %s drags: %d" % [drag_by, ended])
		game.stop()


func _nothing(count: int) -> PackedFloat32Array:
	var action := PackedFloat32Array()
	action.resize(count)
	return action


func _watch(game: ChildGame, arena: int) -> Array[PackedFloat32Array]:
	var seen: Array[PackedFloat32Array] = []
	for decision: int in 60:
		seen.append(game.observations[arena])
		game.step(_nothing(game.action_size()))
	return seen


func _make_arena(values: Dictionary, seed_value: int = 1) -> UiArena:
	var arena := build_arena(ARENA, values, seed_value) as UiArena
	arena.core.begin_episode()
	return arena


func _find(arena: UiArena, kind: MenuElement.Kind) -> MenuElement:
	for element: MenuElement in arena.panel.menu.shown():
		if element.kind == kind and (element.is_enabled() or kind == MenuElement.Kind.SAVE):
			return element
	push_error("no element of kind %d on this page" % kind)
	return null


func _find_disabled(arena: UiArena) -> MenuElement:
	for element: MenuElement in arena.panel.menu.shown():
		if not element.is_enabled():
			return element
	return null


func _turn_away(arena: UiArena) -> void:
	for hand: RLXRPlayer.Hand in [LEFT, RIGHT]:
		arena.user.aim(hand, Vector2(-1.4, -1.0))
	arena._tick(0.0)
	arena._end_decision()


func _point(arena: UiArena, hand: RLXRPlayer.Hand, element: MenuElement) -> void:
	_point_at(arena, hand, element.point())


func _point_at(arena: UiArena, hand: RLXRPlayer.Hand, pixels: Vector2) -> void:
	arena.user.aim(hand, arena.user.aims[hand] + arena.user.turn_to(hand, arena.panel.point_of(pixels)))


# One tick with this choice of trigger.
func _pull(arena: UiArena, choice: int) -> void:
	arena.user.trigger.value = choice
	arena.user._physics_process(1.0 / 90.0)
	arena.user.pose()


## The grip as an action has it, for a tick.
func _grip(arena: UiArena, choice: int) -> void:
	arena.user.grip.value = choice
	arena.user._physics_process(0.0)
	arena.user.pose()


## How far the right ray turns in a tick of full speed, in radians.
func _turn_of_a_tick(arena: UiArena, grip: int) -> float:
	arena.user.aim(RIGHT, Vector2.ZERO)
	arena.user.pointing.values = PackedFloat32Array([0.0, 0.0, 1.0, 0.0])
	arena.user.grip.value = grip
	arena.user._physics_process(1.0 / 90.0)
	arena.user.pointing.values = PackedFloat32Array([0.0, 0.0, 0.0, 0.0])
	return arena.user.aims[RIGHT].x


func _click(arena: UiArena, choice: int) -> void:
	_pull(arena, choice)
	_pull(arena, 0)


func _drag(arena: UiArena, slider: MenuElement) -> void:
	_point(arena, RIGHT, slider)
	_pull(arena, 2)
	_point(arena, RIGHT, slider)
	_pull(arena, 2)
	_pull(arena, 0)


func _use(arena: UiArena, element: MenuElement) -> void:
	if element.kind == MenuElement.Kind.SLIDER:
		_drag(arena, element)
		return
	_point(arena, RIGHT, element)
	_click(arena, 2)


func _open_again(arena: UiArena) -> void:
	_use(arena, _find(arena, MenuElement.Kind.CLOSE))
	check_equal(arena.panel.menu.shown(), [arena.panel.menu.opener] as Array[MenuElement], "shown when closed")
	_use(arena, arena.panel.menu.opener)


func _describe(arena: UiArena) -> Array:
	var told := []
	for page: MenuPage in arena.panel.menu.pages:
		for element: MenuElement in page.elements:
			told.append([page.title(), element.title, element.kind, element.control.position, element.wanted])
	return told


# A slider may be let go within its tolerance.
func _check_what_is_seen_of_a_slider() -> void:
	var arena := _make_arena({"pages": 1, "slider_tolerance": 0.08})
	while arena.course.target.kind != MenuElement.Kind.SLIDER:
		arena.core.begin_episode()
	var slider := arena.course.target
	var seen := PackedFloat32Array()
	seen.resize(FLOATS)
	for missing: float in [0.04, -0.07, 0.2]:
		slider.set_value(slider.wanted - missing if slider.wanted > 0.25 else slider.wanted + missing)
		missing = slider.wanted - slider.value()
		arena.user.agent.observe(seen, 0)
		check_close(seen[26], missing, "missing", 1e-6)
		check_close(seen[27], clampf(missing / 0.08, -2.0, 2.0), "in tolerances", 1e-5)
