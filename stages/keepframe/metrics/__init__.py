"""
Every way to quantify the difference of two images: pure functions, two arrays in, a number out.

No files and no thresholds: which difference is enough is the score stage's question. Colour is BGR as in OpenCV.
"""

from keepframe.metrics.alignment import (
    aligned_difference,
    cross_correlation_shift,
    ecc_shift,
    overlap,
    phase_shift,
)
from keepframe.metrics.alternation import flip, flip_map
from keepframe.metrics.background import (
    Background,
    MeanDeviation,
    Mixture,
    RunningMean,
    background_knn,
    background_mean_deviation,
    background_mog2,
    background_running_mean,
)
from keepframe.metrics.blocking import block_edges, psnr_b
from keepframe.metrics.catalogue import Metric, hottest, metric, names
from keepframe.metrics.coding import dct_distance, jpeg_bytes, jpeg_size
from keepframe.metrics.comparison import Comparison, compare
from keepframe.metrics.congruency import fsim, fsimc, phase_congruency
from keepframe.metrics.correlation import ncc, r_squared, template_match
from keepframe.metrics.difference import (
    bounding_box,
    difference_box,
    difference_picture,
    diffimg_ratio,
    imgcompare_percent,
)
from keepframe.metrics.divergence import (
    CORRUPTED,
    bhattacharyya_coefficient,
    bhattacharyya_distance,
    hellinger,
    jensen_shannon,
    kullback_leibler,
)
from keepframe.metrics.edges import edge_difference, edge_mismatch, gradient_magnitude, gradient_orientation
from keepframe.metrics.embedding import Embedding, cosine_distance
from keepframe.metrics.envelope import gist, gist_descriptor
from keepframe.metrics.fusion import (
    d_lambda,
    d_s,
    qnr,
    quality_no_reference,
    spatial_distortion,
    spectral_distortion,
)
from keepframe.metrics.gradients import gsm
from keepframe.metrics.handbook import page
from keepframe.metrics.hash_distances import (
    hash_average,
    hash_block_mean,
    hash_colour,
    hash_difference,
    hash_perceptual,
    hash_wavelet,
)
from keepframe.metrics.hashes import (
    average_hash,
    block_mean_hash,
    colour_hash,
    difference_hash,
    hamming,
    perceptual_hash,
    wavelet_hash,
)
from keepframe.metrics.histograms import (
    histogram_chi_square,
    histogram_correlation,
    histogram_intersection,
    histogram_kolmogorov_smirnov,
    histogram_l1,
    histogram_l2,
)
from keepframe.metrics.images import Image
from keepframe.metrics.information import vif_p
from keepframe.metrics.matching import match_hashes
from keepframe.metrics.motion import dense_flow, sparse_flow
from keepframe.metrics.neighbours import census, census_codes, centrist, centrist_histogram
from keepframe.metrics.norms import (
    euclidean,
    euclidean_per_size,
    largest_difference,
    luminance_euclid,
    manhattan,
    mean_channel_difference,
    rmse,
    row_means,
    zero_norm,
)
from keepframe.metrics.pixel import mean_absolute_difference, mse, psnr
from keepframe.metrics.quality import gmsd, uqi
from keepframe.metrics.regions import Light, Regions, changed_regions, even_light
from keepframe.metrics.registration import Shift, shift
from keepframe.metrics.rendering import pixelmatch
from keepframe.metrics.spectral import ergas, sam
from keepframe.metrics.structure import ssim, ssim_map
from keepframe.metrics.structure_variants import ms_ssim, ssim_gaussian, ssim_opencv, ssim_sewar
from keepframe.metrics.thumbnail import thumbnail_count, thumbnail_max, thumbnail_mean
from keepframe.metrics.tiles import Box, hottest_tile
from keepframe.metrics.transport import earth_movers_distance, earth_movers_distance_2d
from keepframe.metrics.triage import equality, triage
from keepframe.metrics.visibility import visible_differences
from keepframe.metrics.wavelet import haar_signature, haar_wavelet
from keepframe.metrics.windows import rase, rmse_sw, scc

__all__ = [
    "CORRUPTED",
    "Background",
    "Box",
    "Comparison",
    "Embedding",
    "Image",
    "Light",
    "MeanDeviation",
    "Metric",
    "Mixture",
    "Regions",
    "RunningMean",
    "Shift",
    "aligned_difference",
    "average_hash",
    "background_knn",
    "background_mean_deviation",
    "background_mog2",
    "background_running_mean",
    "bhattacharyya_coefficient",
    "bhattacharyya_distance",
    "block_edges",
    "block_mean_hash",
    "bounding_box",
    "census",
    "census_codes",
    "centrist",
    "centrist_histogram",
    "changed_regions",
    "colour_hash",
    "compare",
    "cosine_distance",
    "cross_correlation_shift",
    "d_lambda",
    "d_s",
    "dct_distance",
    "dense_flow",
    "difference_box",
    "difference_hash",
    "difference_picture",
    "diffimg_ratio",
    "earth_movers_distance",
    "earth_movers_distance_2d",
    "ecc_shift",
    "edge_difference",
    "edge_mismatch",
    "equality",
    "ergas",
    "euclidean",
    "euclidean_per_size",
    "even_light",
    "flip",
    "flip_map",
    "fsim",
    "fsimc",
    "gist",
    "gist_descriptor",
    "gmsd",
    "gradient_magnitude",
    "gradient_orientation",
    "gsm",
    "haar_signature",
    "haar_wavelet",
    "hamming",
    "hash_average",
    "hash_block_mean",
    "hash_colour",
    "hash_difference",
    "hash_perceptual",
    "hash_wavelet",
    "hellinger",
    "histogram_chi_square",
    "histogram_correlation",
    "histogram_intersection",
    "histogram_kolmogorov_smirnov",
    "histogram_l1",
    "histogram_l2",
    "hottest",
    "hottest_tile",
    "imgcompare_percent",
    "jensen_shannon",
    "jpeg_bytes",
    "jpeg_size",
    "kullback_leibler",
    "largest_difference",
    "luminance_euclid",
    "manhattan",
    "match_hashes",
    "mean_absolute_difference",
    "mean_channel_difference",
    "metric",
    "ms_ssim",
    "mse",
    "names",
    "ncc",
    "overlap",
    "page",
    "perceptual_hash",
    "phase_congruency",
    "phase_shift",
    "pixelmatch",
    "psnr",
    "psnr_b",
    "qnr",
    "quality_no_reference",
    "r_squared",
    "rase",
    "rmse",
    "rmse_sw",
    "row_means",
    "sam",
    "scc",
    "shift",
    "sparse_flow",
    "spatial_distortion",
    "spectral_distortion",
    "ssim",
    "ssim_gaussian",
    "ssim_map",
    "ssim_opencv",
    "ssim_sewar",
    "template_match",
    "thumbnail_count",
    "thumbnail_max",
    "thumbnail_mean",
    "triage",
    "uqi",
    "vif_p",
    "visible_differences",
    "wavelet_hash",
    "zero_norm",
]
