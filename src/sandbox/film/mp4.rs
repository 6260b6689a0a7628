//! A small MP4 writer (one H.264 track, the index before the pictures), and as much of a reader
//! as the checks need.

/// What a reader finds out about a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Probe {
    /// Pixels.
    pub(crate) width: u32,
    /// Pixels.
    pub(crate) height: u32,
    /// Of the whole film.
    pub(crate) millis: u64,
    /// Pictures.
    pub(crate) samples: u32,
    /// Whether it can be played while it loads.
    pub(crate) index_first: bool,
}

/// `None` for anything that is no MP4 with an H.264 track.
pub(crate) fn probe(bytes: &[u8]) -> Option<Probe> {
    let moov = find(bytes, "moov")?;
    let trak = find(moov, "trak")?;
    let mdia = find(trak, "mdia")?;
    let stbl = find(find(mdia, "minf")?, "stbl")?;
    let avc1 = find(find(stbl, "stsd")?.get(8..)?, "avc1")?;
    find(avc1.get(78..)?, "avcC")?;
    let mdhd = find(mdia, "mdhd")?;
    let (scale, length) = (u32_at(mdhd, 12)?, u32_at(mdhd, 16)?);
    Some(Probe {
        width: u16_at(avc1, 24)?.into(),
        height: u16_at(avc1, 26)?.into(),
        millis: u64::from(length) * 1_000 / u64::from(scale.max(1)),
        samples: u32_at(find(stbl, "stsz")?, 8)?,
        index_first: place(bytes, "moov")? < place(bytes, "mdat")?,
    })
}

/// The content of the first box of that name.
fn find<'a>(bytes: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let at = place(bytes, name)?;
    let size = u32_at(bytes, at)? as usize;
    bytes.get(at + 8..at + size)
}

/// Where the first box of that name begins.
fn place(bytes: &[u8], name: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let size = u32_at(bytes, at)? as usize;
        if bytes.get(at + 4..at + 8)? == name.as_bytes() {
            return Some(at);
        }
        at += if size >= 8 { size } else { return None };
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

/// The film padded to a size by an empty box at its end.
pub(crate) fn padded(film: &[u8], size: usize) -> Vec<u8> {
    let mut bytes = film.to_vec();
    if let Some(missing) = size.checked_sub(film.len()).filter(|missing| *missing >= 8) {
        bytes.extend((missing as u32).to_be_bytes());
        bytes.extend(b"free");
        bytes.resize(size, 0);
    }
    bytes
}

/// The pictures of a film as the encoder makes them.
#[cfg(feature = "encoder")]
pub(super) struct Film {
    pub(super) width: u16,
    pub(super) height: u16,
    pub(super) frames_per_second: u32,
    /// Without their start codes.
    pub(super) sps: Vec<u8>,
    pub(super) pps: Vec<u8>,
    /// Each picture: its NAL units behind their lengths, and whether it stands alone.
    pub(super) samples: Vec<(Vec<u8>, bool)>,
}

#[cfg(feature = "encoder")]
mod write {
    use super::Film;

    const SCALE: u32 = 12_000;
    const MATRIX: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];

    /// A box under construction.
    #[derive(Default)]
    struct Atom(Vec<u8>);

    impl Atom {
        fn u8(mut self, values: &[u8]) -> Self {
            self.0.extend(values);
            self
        }

        fn u16(mut self, values: &[u16]) -> Self {
            self.0.extend(values.iter().flat_map(|value| value.to_be_bytes()));
            self
        }

        fn u32(mut self, values: &[u32]) -> Self {
            self.0.extend(values.iter().flat_map(|value| value.to_be_bytes()));
            self
        }

        fn zeros(mut self, count: usize) -> Self {
            self.0.resize(self.0.len() + count, 0);
            self
        }

        /// Closed, with its size and name in front.
        fn named(self, name: &[u8; 4]) -> Vec<u8> {
            let mut bytes = ((self.0.len() + 8) as u32).to_be_bytes().to_vec();
            bytes.extend(name);
            bytes.extend(self.0);
            bytes
        }
    }

    impl Film {
        /// The whole file.
        pub(in crate::sandbox::film) fn into_mp4(self) -> Vec<u8> {
            let kind = Atom::default().u8(b"isom").u32(&[512]).u8(b"isomiso2avc1mp41");
            let mut file = kind.named(b"ftyp");
            let index = self.moov(0).len();
            file.extend(self.moov((file.len() + index + 8) as u32));
            let pictures: Vec<u8> = self.samples.into_iter().flat_map(|(bytes, _)| bytes).collect();
            file.extend(Atom(pictures).named(b"mdat"));
            file
        }

        fn length(&self) -> u32 {
            self.samples.len() as u32 * SCALE / self.frames_per_second
        }

        fn moov(&self, first_byte: u32) -> Vec<u8> {
            let mvhd = Atom::default()
                .u32(&[0, 0, 0, SCALE, self.length(), 0x1_0000])
                .u16(&[0x100, 0])
                .zeros(8)
                .u32(&MATRIX)
                .zeros(24)
                .u32(&[2])
                .named(b"mvhd");
            let tkhd = Atom::default()
                .u32(&[3, 0, 0, 1, 0, self.length()])
                .zeros(16)
                .u32(&MATRIX)
                .u32(&[u32::from(self.width) << 16, u32::from(self.height) << 16])
                .named(b"tkhd");
            let trak = Atom::default().u8(&tkhd).u8(&self.mdia(first_byte)).named(b"trak");
            Atom::default().u8(&mvhd).u8(&trak).named(b"moov")
        }

        fn mdia(&self, first_byte: u32) -> Vec<u8> {
            let mdhd = Atom::default()
                .u32(&[0, 0, 0, SCALE, self.length()])
                .u16(&[0x55c4, 0])
                .named(b"mdhd");
            let hdlr =
                Atom::default().zeros(8).u8(b"vide").zeros(12).u8(b"VideoHandler\0").named(b"hdlr");
            let vmhd = Atom::default().u32(&[1]).zeros(8).named(b"vmhd");
            let url = Atom::default().u32(&[1]).named(b"url ");
            let dref = Atom::default().u32(&[0, 1]).u8(&url).named(b"dref");
            let dinf = Atom(dref).named(b"dinf");
            let minf =
                Atom::default().u8(&vmhd).u8(&dinf).u8(&self.stbl(first_byte)).named(b"minf");
            Atom::default().u8(&mdhd).u8(&hdlr).u8(&minf).named(b"mdia")
        }

        fn stbl(&self, first_byte: u32) -> Vec<u8> {
            let count = self.samples.len() as u32;
            let sizes: Vec<u32> = self.samples.iter().map(|(it, _)| it.len() as u32).collect();
            let whole = (1_u32..).zip(&self.samples).filter(|(_, (_, whole))| *whole);
            let whole: Vec<u32> = whole.map(|(n, _)| n).collect();
            let stsd = Atom::default().u32(&[0, 1]).u8(&self.avc1()).named(b"stsd");
            let stts =
                Atom::default().u32(&[0, 1, count, SCALE / self.frames_per_second]).named(b"stts");
            let stss = Atom::default().u32(&[0, whole.len() as u32]).u32(&whole).named(b"stss");
            let stsc = Atom::default().u32(&[0, 1, 1, count, 1]).named(b"stsc");
            let stsz = Atom::default().u32(&[0, 0, count]).u32(&sizes).named(b"stsz");
            let stco = Atom::default().u32(&[0, 1, first_byte]).named(b"stco");
            let all = Atom::default().u8(&stsd).u8(&stts).u8(&stss).u8(&stsc).u8(&stsz).u8(&stco);
            all.named(b"stbl")
        }

        fn avc1(&self) -> Vec<u8> {
            let profile = self.sps.get(1..4).unwrap_or(&[66, 0, 31]);
            let avcc = Atom::default()
                .u8(&[1])
                .u8(profile)
                .u8(&[0xff, 0xe1])
                .u16(&[self.sps.len() as u16])
                .u8(&self.sps)
                .u8(&[1])
                .u16(&[self.pps.len() as u16])
                .u8(&self.pps)
                .named(b"avcC");
            Atom::default()
                .zeros(6)
                .u16(&[1])
                .zeros(16)
                .u16(&[self.width, self.height])
                .u32(&[0x48_0000, 0x48_0000, 0])
                .u16(&[1])
                .zeros(32)
                .u16(&[24, 0xffff])
                .u8(&avcc)
                .named(b"avc1")
        }
    }
}
