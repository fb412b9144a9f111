//! explore
mod example;
#[path = "../../stage/mod.rs"]
mod stage;
use example::*;
use ofx_sdk::host::*;
use stage::*;

fn explore(name: &str) {
    let example = Example::load(name).unwrap();
    println!(
        "== {name} {} {:?} load: {:#?}",
        example.plugin.identifier(),
        example.plugin.contexts(),
        example.violations()
    );
    let source = frame(40, 30, |x, y| [x as f32 / 40.0, y as f32 / 30.0, 0.25, 1.0]);
    for context in example.plugin.contexts() {
        for depth in ofx_sdk::Depth::ALL {
            let node = example.create(context, &at_depth(&source, *depth));
            println!("{context:?} {depth:?} create: {:#?}", example.violations());
            for p in &node.description().params {
                if depth == &ofx_sdk::Depth::Float {
                    println!("   param {} {:?} {:?} {:?}", p.id, p.kind, p.default, node.get(&p.id).ok());
                }
                if let Ok(v) = node.get(&p.id) {
                    node.set(&p.id, &v).unwrap();
                }
            }
            let whole = node.render(&RenderRequest::at(2.0));
            match &whole {
                Ok(i) => {
                    if let Some((_, i)) = i.first() {
                        println!("  render {:?} {:?} {:?} {:?}", i.bounds, i.depth, i.pixel(3, 4), i.pixel(20, 15))
                    } else {
                        println!("  nothing")
                    }
                }
                Err(e) => println!("  {e}"),
            }
            let tiled = node.render(&RenderRequest { tile: Some(7), ..RenderRequest::at(2.0) });
            println!("  tiled same {} {:#?}", whole.ok() == tiled.ok(), {
                let mut v = example.violations();
                v.dedup();
                v.truncate(6);
                v
            });
            drop(node);
            println!("  destroy {:#?}", example.violations());
        }
    }
    let Example { host, plugin } = example;
    drop(plugin);
    println!("unload {:?}", host.take_violations());
    println!("msgs {:?}", host.messages());
    if let Ok(log) = std::fs::read_to_string("ofxTestLog.txt") {
        for l in log.lines().filter(|l| l.contains("ERROR") || l.contains("WARNING")) {
            println!("{l}")
        }
    }
}
macro_rules! e { ($($n:ident)*) => { $( #[test] #[allow(non_snake_case)] fn $n() { explore(stringify!($n)) } )* } }
e! { Basic DepthConverter Invert Rectangle Test GuideBasics GuideInvert GuideGain GuideSaturation GuideCircle SupportField SupportGenerator SupportInvert SupportRetimer SupportTransition }
