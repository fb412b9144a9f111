//! Where to look for the face on a frame: what the artist gave, what the frame before showed, or the finder.

use super::face::{Picture, Seen, square};
use kurbo::{Point, Rect};
use ndarray::{Array3, ArrayView3};
use ofx_sdk::Result;

/// The channels of a finder's answer.
pub const FINDER_CHANNELS: [&str; 4] = ["score", "size", "dx", "dy"];

/// The longer side of the picture that the finder sees, in pixels; sizes in its answer are shares of it.
const FINDER_SIDE: f64 = 320.0;

/// A face that the finder is less sure of is none. Low, because the landmarks tell better whether there is one.
const LEAST_SCORE: f64 = 0.1;

/// Sides of the tight square that the first look takes in, around a face that was found or followed.
const FIRST_LOOK: f64 = 1.6;

/// Sides of the tight square that the second look takes in: what the networks are trained on most.
const SECOND_LOOK: f64 = 1.25;

/// How far the crop of a followed face may grow or shrink from one frame to the next.
const MOST_GROWTH: f64 = 1.15;

/// A followed face that is trusted less than this is searched for anew. Not what the artist calls unsure: whoever reviews more
/// frames must not have the node follow other faces.
const LEAST_TRUST: f64 = 0.5;

/// A face smaller than this many pixels of the plate is none.
const LEAST_SIDE_PX: f64 = 12.0;

/// How closely to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Once, to see where the face is.
    Glance,
    /// At the crop and at its mirror image, whose errors lean the other way.
    Close,
}

/// The networks, as the search uses them.
pub trait Eyes {
    /// The landmarks within a part of the plate, a square on screen.
    fn look(&self, picture: &Picture, crop: Rect, look: Look) -> Result<Seen>;

    /// The finder's answer on a picture whose longer side has [`FINDER_SIDE`] pixels, `[4, rows, columns]` with the
    /// side of its cells; `None` where there is no finder.
    fn search(&self, picture: &Picture, width: usize, height: usize) -> Result<Option<(Array3<f32>, usize)>>;
}

/// How to look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Manner {
    /// Look a second time, closely.
    pub second_look: bool,
    /// Of the plate.
    pub pixel_aspect: f64,
}

impl Manner {
    /// The face of a frame: within `given`, else around the `last` one, else where the finder sees one. `None` where there is
    /// none to be found.
    ///
    /// # Errors
    /// Those of the networks.
    pub fn locate(
        &self,
        picture: &Picture,
        given: Option<Rect>,
        last: Option<&Seen>,
        eyes: &dyn Eyes,
    ) -> Result<Option<Seen>> {
        if let Some(given) = given {
            return self.look(picture, square(given, 1.0, self.pixel_aspect), eyes).map(Some);
        }
        let followed = match last.and_then(|last| self.followed_crop(last)) {
            Some(crop) => Some(self.look(picture, crop, eyes)?),
            None => None,
        };
        if let Some(seen) = followed.as_ref().filter(|seen| seen.trust() >= LEAST_TRUST) {
            return Ok(Some(seen.clone()));
        }
        let found = match self.search(picture, eyes)? {
            Some(crop) => Some(self.look(picture, crop, eyes)?),
            None => None,
        };
        Ok([followed, found].into_iter().flatten().max_by(|a, b| a.trust().total_cmp(&b.trust())))
    }

    fn look(&self, picture: &Picture, crop: Rect, eyes: &dyn Eyes) -> Result<Seen> {
        let first = eyes.look(picture, crop, Look::Glance)?;
        if !self.second_look {
            return Ok(first);
        }
        match first.tight_square(self.pixel_aspect).filter(large_enough) {
            Some(tight) => eyes.look(picture, square(tight, SECOND_LOOK, self.pixel_aspect), Look::Close),
            None => Ok(first),
        }
    }

    /// Around where the face was, and not much larger or smaller than it was looked at.
    fn followed_crop(&self, last: &Seen) -> Option<Rect> {
        let tight = last.tight_square(self.pixel_aspect)?;
        let scale = if self.second_look { FIRST_LOOK } else { SECOND_LOOK };
        let was = match self.second_look {
            true => last.crop.height() * FIRST_LOOK / SECOND_LOOK,
            false => last.crop.height(),
        };
        let side = (tight.height() * scale).clamp(was / MOST_GROWTH, was * MOST_GROWTH);
        Some(Rect::from_center_size(tight.center(), (side / self.pixel_aspect, side))).filter(large_enough)
    }

    /// The finder's best face, as a crop.
    fn search(&self, picture: &Picture, eyes: &dyn Eyes) -> Result<Option<Rect>> {
        let size = picture.size();
        let (width, height) =
            (size.width as f64 / picture.scale.0 * self.pixel_aspect, size.height as f64 / picture.scale.1);
        let shrink = FINDER_SIDE / width.max(height).max(1.0);
        let side = |length: f64| (length * shrink).round().max(1.0) as usize;
        let answer = eyes.search(picture, side(width), side(height))?;
        let best = answer.and_then(|(answer, cell)| best_face(answer.view(), cell as f64));
        Ok(best
            .map(|(middle, side)| {
                let corner = Point::new(-picture.origin.x / picture.scale.0, -picture.origin.y / picture.scale.1);
                let middle = Point::new(corner.x + middle.x / shrink / self.pixel_aspect, corner.y + middle.y / shrink);
                let side = side / shrink * FIRST_LOOK;
                Rect::from_center_size(middle, (side / self.pixel_aspect, side))
            })
            .filter(large_enough))
    }
}

fn large_enough(crop: &Rect) -> bool {
    crop.is_finite() && crop.height() >= LEAST_SIDE_PX
}

/// Middle and side of the best face of a finder's answer, in pixels of the picture that it was shown.
fn best_face(answer: ArrayView3<'_, f32>, cell: f64) -> Option<(Point, f64)> {
    let (channels, rows, columns) = answer.dim();
    if channels != FINDER_CHANNELS.len() {
        return None;
    }
    let cells = (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x)));
    let score = |(y, x): (usize, usize)| f64::from(answer[[0, y, x]]);
    let (y, x) = cells.filter(|&at| score(at) >= LEAST_SCORE).max_by(|&a, &b| score(a).total_cmp(&score(b)))?;
    let [size, dx, dy] = [1, 2, 3].map(|channel| f64::from(answer[[channel, y, x]]));
    let middle = Point::new((x as f64 + 0.5 + dx) * cell, (y as f64 + 0.5 + dy) * cell);
    (middle.is_finite() && size.is_finite()).then_some((middle, size * FINDER_SIDE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use roto::{Landmark, LandmarkSet};
    use std::cell::RefCell;

    const MANNER: Manner = Manner { second_look: true, pixel_aspect: 1.0 };

    fn picture() -> Picture {
        Picture { display: Array3::zeros((3, 160, 640)), scale: (1.0, 1.0), origin: Point::new(-20.0, 0.0) }
    }

    /// Sees a face with a side of 100 around a place, as surely as it is told, and notes where it was asked to look.
    struct Fake {
        face: Point,
        sure: f64,
        finds: Option<(usize, usize)>,
        looked: RefCell<Vec<Rect>>,
    }

    impl Fake {
        fn new(face: (f64, f64), sure: f64, finds: Option<(usize, usize)>) -> Self {
            Self { face: face.into(), sure, finds, looked: RefCell::default() }
        }
    }

    impl Eyes for Fake {
        fn look(&self, _picture: &Picture, crop: Rect, _look: Look) -> Result<Seen> {
            self.looked.borrow_mut().push(crop);
            let corner =
                |dx, dy| Landmark { confidence: self.sure, ..Landmark::visible(self.face + kurbo::Vec2::new(dx, dy)) };
            let landmarks = LandmarkSet::new(vec![corner(-50.0, -30.0), corner(50.0, 30.0)]).unwrap();
            Ok(Seen { landmarks, presence: Vec::new(), crop })
        }

        fn search(&self, _picture: &Picture, width: usize, height: usize) -> Result<Option<(Array3<f32>, usize)>> {
            assert_eq!((width, height), (320, 80));
            let Some((row, column)) = self.finds else { return Ok(None) };
            let mut answer = Array3::zeros((4, 5, 20));
            answer[[0, row, column]] = 0.9;
            answer[[1, row, column]] = 0.2;
            answer[[2, row, column]] = 0.25;
            Ok(Some((answer, 16)))
        }
    }

    #[test]
    fn a_given_box_is_looked_at_as_a_square_and_then_closely() {
        let eyes = Fake::new((200.0, 100.0), 1.0, None);
        let seen = MANNER.locate(&picture(), Some(Rect::new(100.0, 50.0, 300.0, 150.0)), None, &eyes).unwrap().unwrap();
        assert_eq!(eyes.looked.into_inner(), [Rect::new(100.0, 0.0, 300.0, 200.0), seen.crop]);
        assert_eq!(seen.crop, Rect::new(137.5, 37.5, 262.5, 162.5));
    }

    #[test]
    fn the_finders_cells_are_pixels_of_the_plate() {
        let eyes = Fake::new((0.0, 0.0), 1.0, Some((2, 3)));
        MANNER.locate(&picture(), None, None, &eyes).unwrap().unwrap();
        // The finder sees half a size: middle (3.75, 2.5) cells of 16 px, side 64 px; the picture begins 20 px into the plate.
        assert_eq!(eyes.looked.borrow()[0].center(), Point::new(3.75 * 32.0 + 20.0, 2.5 * 32.0));
        assert!((eyes.looked.borrow()[0].height() - 64.0 * 2.0 * 1.6).abs() < 1e-4);
    }

    #[test]
    fn a_face_is_followed_until_it_is_lost_and_then_searched_for() {
        let sure = Fake::new((200.0, 100.0), 1.0, Some((0, 0)));
        let first = MANNER.locate(&picture(), Some(Rect::new(100.0, 0.0, 300.0, 200.0)), None, &sure).unwrap().unwrap();
        sure.looked.borrow_mut().clear();
        MANNER.locate(&picture(), None, Some(&first), &sure).unwrap().unwrap();
        assert_eq!(sure.looked.borrow()[0].center(), Point::new(200.0, 100.0), "around the last face");
        assert_eq!(sure.looked.borrow().len(), 2, "no search");
        let unsure = Fake::new((200.0, 100.0), 0.1, Some((0, 0)));
        MANNER.locate(&picture(), None, Some(&first), &unsure).unwrap().unwrap();
        assert_eq!(unsure.looked.borrow().len(), 4, "followed, and where the finder points");
    }

    #[test]
    fn where_nothing_is_found_there_is_no_face() {
        assert_eq!(MANNER.locate(&picture(), None, None, &Fake::new((0.0, 0.0), 1.0, None)).unwrap(), None);
        let nothing = Array3::from_elem((4, 5, 20), 0.05);
        assert_eq!(best_face(nothing.view(), 16.0), None);
        assert_eq!(best_face(Array3::from_elem((4, 1, 1), f32::NAN).view(), 16.0), None);
    }
}
